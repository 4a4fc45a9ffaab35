/** One game of every trained agent, as an animation in the run's folder. */
import { join } from "node:path";
import type { DqnConfig } from "../../experiments/dqn/config.ts";
import type { EnvironmentMaker } from "../../experiments/dqn/games.ts";
import { recorded } from "../../experiments/dqn/play.ts";
import type { Programs } from "../../experiments/dqn/programs.ts";
import type { DqnRun } from "../../experiments/dqn/run.ts";
import type { PictureFile } from "../../experiments/results.ts";
import { tensor, type State } from "../../src/index.ts";
import { writeFileAtomic } from "../../src/node/index.ts";
import { animation } from "../exhibition.ts";
import { makeFolder, type RunFolder } from "../run-folder.ts";
import { preparationDisplay } from "../progress.ts";
import type { DqnRaceOptions } from "./race.ts";

/** Frames that an animation in a report has at most. */
const MOST_FRAMES = 250;

/** Writes the pictures. */
export async function show(
  finished: readonly DqnRun[],
  folder: RunFolder<DqnConfig>,
  { maker, programs, quiet }: DqnRaceOptions,
): Promise<readonly PictureFile[]> {
  const { config } = folder.run;
  const pictures: PictureFile[] = [];
  const display = preparationDisplay(quiet);
  await makeFolder(join(folder.dir, "pictures"));
  try {
    for (const [i, { arm, seed, state, ...key }] of finished.entries()) {
      display.show("recording games", i / finished.length);
      const agent = { programs: programs.get(arm)!, state, maker, config, seed };
      const { frames, score, steps } = await game(agent, MOST_FRAMES);
      const file = `pictures/${folder.nameOf({ arm, seed, lr: key.lr })}-game.gif`;
      await writeFileAtomic(join(folder.dir, file), await animation(frames, delayOf(config)));
      const part = steps >= frames.length ? `, shown to frame ${frames.length}` : "";
      const caption = `${Number(score.toFixed(2))} points in ${steps} steps${part}`;
      pictures.push({ arm, seed, name: "game", caption, file });
    }
  } finally {
    display.stop();
  }
  return pictures;
}

/** Milliseconds a frame: four of Atari at 60 a second, and a pace of MinAtar that people can follow. */
export const delayOf = ({ network }: DqnConfig): number => (network === "nature" ? 67 : 100);

interface Player {
  readonly programs: Pick<Programs, "act">;
  readonly state: State;
  readonly maker: EnvironmentMaker;
  readonly config: DqnConfig;
  readonly seed: number;
}
/** A game of an agent, with its first `most` pictures. */
export const game = (
  { programs, state, maker, config, seed }: Player,
  most: number,
): ReturnType<typeof recorded> =>
  recorded(
    maker,
    async (x, stackShape) =>
      (await programs.act.run({ x: tensor(x, [1, ...stackShape]) }, state))["action"].data,
    { history: config.history, epsilon: config.test.epsilon, seed, most },
  );
