/** Trained agents to the results of a comparison. */
import type { DqnConfig } from "../../experiments/dqn/config.ts";
import type { Environment } from "../../experiments/dqn/environment.ts";
import type { Score } from "../../experiments/dqn/play.ts";
import type { DqnArmResult, DqnResults, DqnRunResult } from "../../experiments/dqn/results.ts";
import type { DqnRun } from "../../experiments/dqn/run.ts";
import { machine, quantile } from "../results.ts";
import type { RunFolder } from "../run-folder.ts";

/** What of a run there is to report. */
type Learner = Pick<DqnRun, "arm" | "seed" | "parameters" | "progress" | "step">;

export interface Finished {
  readonly folder: RunFolder<DqnConfig>;
  readonly outcome: {
    readonly finished: readonly Learner[];
    readonly lost: readonly { readonly run: Learner; readonly error: Error }[];
  };
  readonly world: Environment;
  readonly random: Score;
  readonly pictures: DqnResults["pictures"];
}

export function dqnResultsOf({ folder, outcome, world, random, pictures }: Finished): DqnResults {
  const { config, command, startedAt } = folder.run;
  const { finished, lost } = outcome;
  const arms = config.arms.flatMap((arm) => {
    const runs = finished.filter((run) => run.arm === arm);
    if (runs.length === 0) return [];
    const result: DqnArmResult = { parameters: runs[0].parameters, runs: runs.map(runResult) };
    return [[arm, result] as const];
  });
  const all = [...finished, ...lost.map(({ run }) => run)];
  return {
    format: "weightnorm-dqn/1",
    experiment: "dqn",
    ...{ command, config: { ...config }, machine: machine(), startedAt, random, pictures },
    game: { name: world.name, actions: world.actions },
    seconds: all.reduce((sum, { progress }) => sum + progress.wallSeconds, 0),
    arms: Object.fromEntries(arms),
    lost: lost.map(({ run, error }) => ({
      ...{ arm: run.arm, seed: run.seed, frame: run.step(), why: error.message },
    })),
  };
}

function runResult({ seed, progress }: Learner): DqnRunResult {
  const { curve, frame, seconds, milliseconds } = progress;
  return {
    ...{ seed, curve },
    final: curve.at(-1)!.test!, // the last point is always a test
    framesPerSecond: frame / seconds,
    milliseconds: {
      update: milliseconds.update.length === 0 ? null : quantile(milliseconds.update, 0.5),
      frame: quantile(milliseconds.frame, 0.5),
    },
  };
}
