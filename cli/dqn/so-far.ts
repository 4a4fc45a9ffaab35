/** The results of agents that still learn, or were stopped: as far as all of them have got. */
import { resolve } from "node:path";
import type { DqnConfig } from "../../experiments/dqn/config.ts";
import { makerOf } from "../../experiments/dqn/games.ts";
import { randomPlay } from "../../experiments/dqn/play.ts";
import { programsOf } from "../../experiments/dqn/programs.ts";
import type { DqnResults } from "../../experiments/dqn/results.ts";
import type { Progress } from "../../experiments/dqn/run.ts";
import { DQN } from "../../experiments/tasks.ts";
import { nodeRuntime } from "../../src/node/index.ts";
import { openRunFolder } from "../run-folder.ts";
import { dqnResultsOf } from "./results.ts";

/** Every run up to the last frame at which all of them were tested. Only reads: the run may be under way. */
export async function resultsSoFar(dir: string): Promise<DqnResults> {
  const folder = await openRunFolder<DqnConfig>(resolve(dir), DQN);
  const { config } = folder.run;
  const maker = makerOf(config);
  const world = await maker(0);
  const runs = [];
  for (const arm of config.arms) {
    const { parameters } = programsOf(config, arm, world, nodeRuntime());
    for (const seed of config.seeds) {
      const checkpoint = await folder.load({ arm, seed, lr: config.lr[0] });
      const progress = checkpoint?.progress as unknown as Progress | undefined;
      if (progress)
        runs.push({ ...{ arm, seed, parameters, progress }, step: () => progress.frame });
    }
  }
  const tested = runs.map(({ progress }) => progress.curve.findLast((p) => p.test)?.frame ?? 0);
  const frames = runs.length === config.arms.length * config.seeds.length ? Math.min(...tested) : 0;
  if (frames === 0)
    throw new Error(
      `${dir}: expected every run to have been tested, got some that were not yet; let them learn on, where they were stopped with --resume ${dir}`,
    );
  const cut = runs.map((run) => ({
    ...run,
    progress: { ...run.progress, curve: run.progress.curve.filter((p) => p.frame <= frames) },
  }));
  const random = await randomPlay(maker, config);
  const outcome = { finished: cut, lost: [] };
  return { ...dqnResultsOf({ folder, outcome, world, random, pictures: [] }), soFar: frames };
}
