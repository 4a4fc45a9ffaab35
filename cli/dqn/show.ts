/** One game of every trained agent, as an animation in the run's folder. */
import { join } from "node:path";
import type { DqnConfig } from "../../experiments/dqn/config.ts";
import type { EnvironmentMaker } from "../../experiments/dqn/games.ts";
import { recorded } from "../../experiments/dqn/play.ts";
import type { Programs } from "../../experiments/dqn/programs.ts";
import type { PictureFile } from "../../experiments/results.ts";
import { tensor, type State } from "../../src/index.ts";
import { writeFileAtomic } from "../../src/node/index.ts";
import { animation } from "../exhibition.ts";
import { makeFolder, type RunFolder } from "../run-folder.ts";
import type { DqnOutcome } from "./race.ts";

/** Frames that an animation in a report has at most. */
const MOST_FRAMES = 250;

/** Writes the pictures; a game is that of the first test's lane. */
export async function show(
  { finished, programs }: DqnOutcome,
  folder: RunFolder<DqnConfig>,
  maker: EnvironmentMaker,
): Promise<readonly PictureFile[]> {
  const { config } = folder.run;
  const pictures: PictureFile[] = [];
  await makeFolder(join(folder.dir, "pictures"));
  for (const { arm, seed, state, ...key } of finished) {
    const { frames, score } = await game(programs.get(arm)!, state, maker, config, seed);
    const file = `pictures/${folder.nameOf({ arm, seed, lr: key.lr })}-game.gif`;
    await writeFileAtomic(
      join(folder.dir, file),
      await animation(frames.slice(0, MOST_FRAMES), delayOf(config)),
    );
    const caption = `A game after training, its first ${Math.min(frames.length, MOST_FRAMES)} frames; return ${score} in the end`;
    pictures.push({ arm, seed, name: "game", caption, file });
  }
  return pictures;
}

/** Milliseconds a frame: four of Atari at 60 a second, and a pace of MinAtar that people can follow. */
export const delayOf = ({ network }: DqnConfig): number => (network === "nature" ? 67 : 100);

/** A game of an agent, recorded. */
export const game = (
  { act }: Pick<Programs, "act">,
  state: State,
  maker: EnvironmentMaker,
  { history, test: { epsilon } }: DqnConfig,
  seed: number,
): ReturnType<typeof recorded> =>
  recorded(
    maker,
    async (x, stackShape) =>
      (await act.run({ x: tensor(x, [1, ...stackShape]) }, state))["action"].data,
    { history, epsilon, seed },
  );
