/** What one sees while agents learn: a bar each on a terminal, plain lines elsewhere. */
import { MultiBar, Presets, type SingleBar } from "cli-progress";
import type { DqnRun, Point } from "../../experiments/dqn/run.ts";
import { clock, type LineDisplay } from "../progress.ts";

export interface DqnDisplay extends LineDisplay {
  /** After a frame of `run`, and with the point of its curve that it completed. */
  step(run: DqnRun, point?: Point): void;
}

interface Options {
  readonly quiet: boolean;
  readonly nameOf: (run: DqnRun) => string;
  readonly stream?: NodeJS.WriteStream;
}

/** Seconds between two lines, and between two updates of a bar. */
const EVERY = 10;
const REFRESH = 0.2;

export function dqnDisplay(runs: readonly DqnRun[], options: Options): DqnDisplay {
  if (options.quiet) return { step: () => undefined, line: () => undefined, stop: () => undefined };
  const { stream = process.stderr, nameOf } = options;
  const starts = new Map(
    runs.map((run) => [run, { frame: run.step(), seconds: run.progress.wallSeconds }]),
  );
  const news = (run: DqnRun): Record<"score" | "test" | "rate" | "left", string> => {
    const { curve, wallSeconds } = run.progress;
    const start = starts.get(run)!;
    const rate = (run.step() - start.frame) / (wallSeconds - start.seconds);
    const last = curve.findLast((p) => p.score !== null);
    return {
      score: last?.score?.toFixed(2) ?? "-",
      test: curve.findLast((p) => p.test)?.test?.mean.toFixed(2) ?? "-",
      rate: Number.isFinite(rate) ? rate.toFixed(0) : "-",
      left: rate > 0 ? clock((run.steps - run.step()) / rate) : "-",
    };
  };
  let last = performance.now();
  const due = (seconds: number): boolean => {
    if (performance.now() - last < seconds * 1000) return false;
    last = performance.now();
    return true;
  };
  if (!stream.isTTY)
    return {
      step(run, point) {
        if (!due(EVERY) && !point?.test) return;
        const { score, test, rate, left } = news(run);
        stream.write(
          `${nameOf(run)}: frame ${run.step()}/${run.steps}, return ${score}, test ${test}, ${rate} frames/s, ${left} left\n`,
        );
      },
      line: (text) => void stream.write(`${text}\n`),
      stop: () => undefined,
    };
  const width = Math.max(...runs.map((run) => nameOf(run).length));
  const multi = new MultiBar(
    {
      format: "{name} {bar} {percentage}%  return {score}  test {test}  {rate} frames/s  {left}",
      ...{ stream, hideCursor: true, barsize: 20, fps: 8, emptyOnZero: true, forceRedraw: true },
    },
    Presets.shades_classic,
  );
  const bars = new Map<DqnRun, SingleBar>(
    runs.map((run) => [
      run,
      multi.create(run.steps, run.step(), { name: nameOf(run).padEnd(width), ...news(run) }),
    ]),
  );
  return {
    step(run, point) {
      if (point || due(REFRESH)) bars.get(run)?.update(run.step(), news(run));
    },
    line: (text) => multi.log(`${text}\n`),
    stop: () => multi.stop(),
  };
}
