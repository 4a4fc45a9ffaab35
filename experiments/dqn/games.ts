/** The games that agents can be trained in, by name. */
import { UsageError, type World } from "../../runs/experiment.ts";
import { atari, catchRom, games as atariGames, type Cartridge } from "./atari/index.ts";
import type { DqnConfig } from "./config.ts";
import type { Environment } from "./environment.ts";
import { games as minatarGames, minAtar } from "./minatar/index.ts";

const MINATAR = minatarGames.map(({ name }) => name);
/** Our own game for the Atari 2600, and a cartridge of the user's. */
export const GAMES: readonly string[] = [...MINATAR, "catch", "rom"];
/** What games call themselves, those on cartridges too. */
export const NAMES: readonly string[] = [
  ...new Set([...MINATAR, ...atariGames.map(({ name }) => name)]),
];

/** Whether a game is one of MinAtar's: it has settings of its own. */
export const familyOf = (game: string): "minatar" | "atari" =>
  MINATAR.includes(game) ? "minatar" : "atari";

/** Where the cartridge of the user's is, among the places of a run. */
export interface RomPlace {
  readonly rom?: string;
}

/** Makes environments of one game, which differ by their seeds. */
export type EnvironmentMaker = (seed: number) => Promise<Environment>;

/** The maker for a configuration; throws, when first used, for a ROM that cannot be read or is not known. */
export function makerOf(
  { game, sticky, limit }: Pick<DqnConfig, "game" | "sticky" | "limit">,
  { door, places }: Pick<World, "door" | "places">,
): EnvironmentMaker {
  checkPlace(game, places);
  if (familyOf(game) === "minatar")
    return (seed) => Promise.resolve(minAtar(game, { seed, sticky, limit }));
  let cartridge: Promise<Cartridge> | undefined;
  return async (seed) => {
    cartridge ??= game === "catch" ? catchRom(door) : cartridgeAt(places, door);
    const { rom, where } = await cartridge;
    const options = { where, seed, sticky, limit: 4 * limit };
    return atari(rom, { ...options, load: (module) => door.require(module) });
  };
}

/** Throws for a cartridge that nothing would be played from. */
function checkPlace(game: string, { rom }: RomPlace): void {
  if (rom !== undefined && game !== "rom")
    throw new UsageError(
      `--rom: expected it alone or with --game rom, got it with the game ${game}; leave it away`,
    );
}

async function cartridgeAt({ rom }: RomPlace, door: World["door"]): Promise<Cartridge> {
  if (rom === undefined)
    throw new Error(
      "--rom: expected the file of a cartridge, got none; say where it is now with --rom FILE",
    );
  const files = await door.at(rom);
  if (files.names.length !== 1)
    throw new Error(
      `${rom}: expected the file of a cartridge, got ${files.names.length} files; name one of them`,
    );
  const [name] = files.names;
  return { rom: await files.read(name), where: files.where(name) };
}
