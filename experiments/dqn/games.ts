/** The games that agents can be trained in, by name. */
import { readFile } from "node:fs/promises";
import { reasonOf } from "../../src/node/index.ts";
import { atari, catchRom } from "./atari/index.ts";
import type { DqnConfig } from "./config.ts";
import type { Environment } from "./environment.ts";
import { games as minatarGames, minAtar } from "./minatar/index.ts";

const MINATAR = minatarGames.map((game) => game.name);
/** Our own game for the Atari 2600, and a cartridge of the user's. */
export const GAMES: readonly string[] = [...MINATAR, "catch", "rom"];

/** Whether a game is one of MinAtar's: it has settings of its own. */
export const familyOf = (game: string): "minatar" | "atari" =>
  MINATAR.includes(game) ? "minatar" : "atari";

/** Makes environments of one game, which differ by their seeds. */
export type EnvironmentMaker = (seed: number) => Promise<Environment>;

/** The maker for a configuration; throws, when first used, for a ROM that cannot be read or is not known. */
export function makerOf({
  game,
  rom,
  sticky,
  limit,
}: Pick<DqnConfig, "game" | "rom" | "sticky" | "limit">): EnvironmentMaker {
  if (familyOf(game) === "minatar")
    return (seed) => Promise.resolve(minAtar(game, { seed, sticky, limit }));
  let cartridge: Promise<Uint8Array> | undefined;
  const where = game === "catch" ? "catch.bin" : (rom ?? "");
  return async (seed) => {
    cartridge ??= game === "catch" ? catchRom() : readRom(where);
    return atari(await cartridge, { where, seed, sticky, limit: 4 * limit });
  };
}

const readRom = (path: string): Promise<Uint8Array> =>
  readFile(path).catch((error: unknown) => {
    throw new Error(
      `${path}: expected the file of a cartridge, got ${reasonOf(error)}; check the path`,
      { cause: error },
    );
  });
