/** What one sees while a race is on: a bar for every run on a terminal, plain lines elsewhere. */
import { MultiBar, Presets, SingleBar } from "cli-progress";
import type { Run } from "../experiments/classification/experiment.ts";
import type { EpochResult } from "../experiments/results.ts";

export interface ProgressDisplay {
  /** After a step of `run`, and with what was measured if it ended an epoch. */
  step(run: Run, loss: number, epoch?: EpochResult): void;
  /** A line that stays. */
  line(text: string): void;
  stop(): void;
}

export interface ProgressOptions {
  readonly quiet: boolean;
  readonly batchSize: number;
  readonly nameOf: (run: Run) => string;
  readonly stream?: NodeJS.WriteStream;
}

const clock = (seconds: number): string => minutes(Math.ceil(seconds));
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
  { batchSize, nameOf }: ProgressOptions,
): ProgressDisplay {
  const width = Math.max(...runs.map((run) => nameOf(run).length));
  const format = `{name} {bar} {percentage}%  loss {loss}  error {error}  {rate}/s  {left}`;
  const multi = new MultiBar(
    { format, stream, hideCursor: true, barsize: 20, fps: 8, emptyOnZero: true, forceRedraw: true },
    Presets.shades_classic,
  );
  const idle = { epoch: "-", loss: "-     ", error: "-    ", rate: "-", left: "-" };
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
        epoch: String(run.progress.epochs.length),
        loss: loss.toFixed(4),
        error: latest ? percent(latest.testError) : "-    ",
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
  { batchSize, nameOf }: ProgressOptions,
): ProgressDisplay {
  let last = performance.now();
  return {
    step(run, loss, epoch) {
      if (!epoch && performance.now() - last < EVERY * 1000) return;
      last = performance.now();
      const { rate, left } = pace(run, batchSize);
      const news = epoch
        ? `epoch ${epoch.epoch}: training loss ${epoch.trainLoss.toFixed(4)}, test error ${percent(epoch.testError)}`
        : `loss ${loss.toFixed(4)}`;
      stream.write(
        `${nameOf(run)}: step ${run.step()}/${run.steps}, ${news}, ${rate.toFixed(0)} images/s, ${clock(left)} left\n`,
      );
    },
    line: (text) => void stream.write(`${text}\n`),
    stop: () => undefined,
  };
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)}%`;

/** What one sees of the work before a race: a line on a terminal, nothing elsewhere but how it began. */
export function preparationDisplay(
  quiet: boolean,
  stream: NodeJS.WriteStream = process.stderr,
): { readonly show: (what: string, done: number) => void; readonly stop: () => void } {
  let current:
    { readonly what: string; readonly bar?: SingleBar; readonly began: number } | undefined;
  const stop = (): void => {
    current?.bar?.stop();
    current = undefined;
  };
  return {
    stop,
    show(what, done) {
      if (quiet) return;
      if (current?.what !== what) {
        stop();
        const format = `${what} {bar} {percentage}%  {left} left`;
        const bar = new SingleBar(
          { format, stream, hideCursor: true, barsize: 20 },
          Presets.shades_classic,
        );
        current = { what, began: performance.now(), ...(stream.isTTY ? { bar } : {}) };
        if (stream.isTTY) bar.start(100, 0, { left: "-" });
        else stream.write(`${what} ...\n`);
      }
      const seconds = (performance.now() - current.began) / 1000;
      current.bar?.update(Math.floor(100 * done), { left: clock(seconds / done - seconds) });
    },
  };
}
