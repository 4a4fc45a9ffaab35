/** What one sees while a race is on: a bar for every run on a terminal, plain lines elsewhere. */
import { MultiBar, Presets, SingleBar } from "cli-progress";
import type { EpochResult, Measure } from "../experiments/results.ts";
import type { Run } from "../experiments/training/run.ts";
import { inUnit } from "./measure.ts";

export interface LineDisplay {
  /** A line that stays. */
  line(text: string): void;
  stop(): void;
}
export interface ProgressDisplay extends LineDisplay {
  /** After a step of `run`, and with what was measured if it ended an epoch. */
  step(run: Run, loss: number, epoch?: EpochResult): void;
}

export interface ProgressOptions {
  readonly quiet: boolean;
  readonly batchSize: number;
  /** What is tested; the first is shown. */
  readonly measures: readonly Measure[];
  readonly nameOf: (run: Run) => string;
  readonly stream?: NodeJS.WriteStream;
}

/** 45s, 3m07s */
export const clock = (seconds: number): string => minutes(Math.ceil(seconds));
const minutes = (seconds: number): string =>
  seconds < 60
    ? `${Math.ceil(seconds)}s`
    : `${Math.floor(seconds / 60)}m${String(Math.ceil(seconds % 60)).padStart(2, "0")}s`;

/** images/s over the last steps, and the seconds that the rest will take at that rate. */
function pace(
  { progress: { stepMilliseconds }, step, steps }: Run,
  batchSize: number,
): { readonly rate: number; readonly left: number } {
  const recent = stepMilliseconds.slice(-50);
  const each = recent.reduce((a, b) => a + b, 0) / 1000 / Math.max(recent.length, 1);
  return { rate: batchSize / each, left: (steps - step()) * each };
}

export function progressDisplay(runs: readonly Run[], options: ProgressOptions): ProgressDisplay {
  if (options.quiet) return { step: () => undefined, line: () => undefined, stop: () => undefined };
  const { stream = process.stderr } = options;
  return stream.isTTY ? bars(runs, stream, options) : lines(stream, options);
}

function bars(
  runs: readonly Run[],
  stream: NodeJS.WriteStream,
  { batchSize, nameOf, measures: [measure] }: ProgressOptions,
): ProgressDisplay {
  const width = Math.max(...runs.map((run) => nameOf(run).length));
  const format = `{name} {bar} {percentage}%  loss {loss}  ${measure.key} {measure}  {rate}/s  {left}`;
  const multi = new MultiBar(
    { format, stream, hideCursor: true, barsize: 20, fps: 8, emptyOnZero: true, forceRedraw: true },
    Presets.shades_classic,
  );
  const idle = { loss: "-     ", measure: "-    ", rate: "-", left: "-" };
  const bar = new Map<Run, SingleBar>(
    runs.map((run) => [
      run,
      multi.create(run.steps, run.step(), {
        name: nameOf(run).padEnd(width),
        ...idle,
      }),
    ]),
  );
  return {
    step(run, loss) {
      const { rate, left } = pace(run, batchSize);
      const latest = run.progress.epochs.at(-1);
      bar.get(run)?.update(run.step(), {
        loss: loss.toPrecision(5),
        measure: latest ? inUnit(measure, latest.test[measure.key]) : "-    ",
        rate: rate.toFixed(0),
        left: clock(left),
      });
    },
    line: (text) => multi.log(`${text}\n`),
    stop: () => multi.stop(),
  };
}

/** Seconds between two lines about a run that is between epochs. */
const EVERY = 10;

function lines(
  stream: NodeJS.WriteStream,
  { batchSize, nameOf, measures: [measure] }: ProgressOptions,
): ProgressDisplay {
  let last = performance.now();
  return {
    step(run, loss, epoch) {
      if (!epoch && performance.now() - last < EVERY * 1000) return;
      last = performance.now();
      const { rate, left } = pace(run, batchSize);
      const news = epoch
        ? `epoch ${epoch.epoch}: training loss ${epoch.train["loss"].toPrecision(5)}, test ${measure.key} ${inUnit(measure, epoch.test[measure.key])}`
        : `loss ${loss.toPrecision(5)}`;
      stream.write(
        `${nameOf(run)}: step ${run.step()}/${run.steps}, ${news}, ${rate.toFixed(0)} images/s, ${clock(left)} left\n`,
      );
    },
    line: (text) => void stream.write(`${text}\n`),
    stop: () => undefined,
  };
}

/** What one sees of long work beside the race, e.g. a download: a bar on a terminal, a line now and then elsewhere. */
export function preparationDisplay(
  quiet: boolean,
  stream: NodeJS.WriteStream = process.stderr,
): { readonly show: (what: string, done: number) => void; readonly stop: () => void } {
  interface Work {
    readonly what: string;
    readonly bar?: SingleBar;
    /** When it began, and how much of it was done before. */
    readonly began: number;
    readonly before: number;
    said: number;
  }
  let current: Work | undefined;
  const stop = (): void => {
    current?.bar?.stop();
    current = undefined;
  };
  const begin = (what: string, done: number): Work => {
    stop();
    const now = performance.now();
    const work = { what, began: now, before: done, said: now };
    if (!stream.isTTY) {
      stream.write(`${what} ...\n`);
      return work;
    }
    const format = `${what} {bar} {percentage}%  {left} left`;
    const bar = new SingleBar(
      { format, stream, hideCursor: true, barsize: 20 },
      Presets.shades_classic,
    );
    bar.start(100, 0, { left: "-" });
    return { ...work, bar };
  };
  return {
    stop,
    show(what, done) {
      if (quiet) return;
      if (current?.what !== what) current = begin(what, done);
      const now = performance.now();
      const rate = (done - current.before) / (now - current.began);
      const left = rate > 0 ? clock((1 - done) / rate / 1000) : "-";
      current.bar?.update(Math.floor(100 * done), { left });
      if (current.bar || now - current.said < EVERY * 1000) return;
      current.said = now;
      stream.write(`${what}: ${Math.floor(100 * done)}%, ${left} left\n`);
    },
  };
}
