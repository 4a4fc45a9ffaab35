/**
 * The games: how a program sees their score, and when they are over, in the 128 bytes of the console's memory.
 *
 * Where Breakout, Enduro, Seaquest and Space Invaders keep what, their ROMs' md5, their minimal actions in ALE's order
 * and what it takes to start them are facts of the Arcade Learning Environment (Bellemare et al. 2013,
 * https://github.com/Farama-Foundation/Arcade-Learning-Environment). No ROM of these four was available here: their
 * formulas are tested on memory made by hand, and none of the four games has been run. `catch` is this project's own.
 */
import type { Controller } from "./console.ts";
import { md5 as md5Of } from "./md5.ts";

/** 128 bytes; their addresses are 0x80 to 0xFF. */
export type Memory = ArrayLike<number>;

export interface Game {
  readonly name: string;
  /** Of the one version whose memory is laid out like this. */
  readonly md5: string;
  readonly controller: Controller;
  /** Those that differ in effect. The buttons that an action holds are in its name. */
  readonly actions: readonly Action[];
  /** A frame each after the console's RESET; until then some games do not begin. */
  readonly start: readonly Action[];
  /** Whether the same starts every further life, as ALE has it. */
  readonly startsLives?: boolean;
  readonly score: (memory: Memory) => number;
  /** Where the score starts again from 0. */
  readonly wraps?: number;
  readonly lives?: (memory: Memory) => number;
  /** From when on the game can be over, if that does not go without saying. */
  readonly begun?: (memory: Memory) => boolean;
  readonly ended: (memory: Memory) => boolean;
}

type Direction = "up" | "right" | "left" | "down" | "upright" | "upleft" | "downright" | "downleft";
export type Action = "noop" | "fire" | Direction | `${Direction}fire`;

/** In ALE's order. */
export const ACTIONS: readonly Action[] = [
  ...(["noop", "fire", "up", "right", "left", "down"] as const),
  ...(["upright", "upleft", "downright", "downleft"] as const),
  ...(["upfire", "rightfire", "leftfire", "downfire"] as const),
  ...(["uprightfire", "upleftfire", "downrightfire", "downleftfire"] as const),
];

/** The byte at an address, as it is written in a program for the console. */
const at = (memory: Memory, address: number): number => memory[address & 0x7f];
/** Two decimal digits in a byte. */
const digits = (byte: number): number => 10 * (byte >> 4) + (byte & 15);
/** The decimal digits of some bytes, the lowest first. */
const decimal = (memory: Memory, ...addresses: readonly number[]): number =>
  addresses.reduce((sum, address, i) => sum + 100 ** i * digits(at(memory, address)), 0);

const breakout: Game = {
  name: "breakout",
  md5: "f34f08e5eb96e500e851a80be3277a56",
  controller: "paddle",
  actions: ["noop", "fire", "right", "left"],
  start: ["fire"], // serves the ball
  startsLives: true,
  score: (memory) => digits(memory[77]) + 100 * (memory[76] & 15),
  lives: (memory) => memory[57],
  begun: (memory) => memory[57] === 5,
  ended: (memory) => memory[57] === 0,
};

const enduro: Game = {
  name: "enduro",
  md5: "94b92a882f6dbaa6993a46e2dcc58402",
  controller: "joystick",
  actions: [
    ...(["noop", "fire", "right", "left", "down"] as const),
    ...(["downright", "downleft", "rightfire", "leftfire"] as const),
  ],
  start: ["fire"],
  // Cars overtaken. The game counts those that are left of the day's 200, and of 300 from the second day on.
  score(memory) {
    const day = at(memory, 0xad);
    const left = decimal(memory, 0xab, 0xac);
    if (day === 0) return 0;
    return day === 1 ? 200 - left : 200 + 300 * (day - 2) + (300 - left);
  },
  ended: (memory) => at(memory, 0xaf) === 0xff,
};

const seaquest: Game = {
  name: "seaquest",
  md5: "240bfbac5163af4df5ae713985386f92",
  controller: "joystick",
  actions: ACTIONS,
  start: [],
  score: (memory) => decimal(memory, 0xba, 0xb9, 0xb8),
  lives: (memory) => at(memory, 0xbb) + 1,
  ended: (memory) => at(memory, 0xa3) !== 0,
};

const spaceInvaders: Game = {
  name: "space-invaders",
  md5: "72ffbef6504b75e69ee1045af9075f66",
  controller: "joystick",
  actions: ["noop", "fire", "right", "left", "rightfire", "leftfire"],
  start: [],
  score: (memory) => decimal(memory, 0xe8, 0xe6),
  wraps: 10_000,
  lives: (memory) => at(memory, 0xc9),
  ended: (memory) => (at(memory, 0x98) & 0x80) !== 0 || at(memory, 0xc9) === 0,
};

/** See catch/catch.asm. */
const catchBall: Game = {
  name: "catch",
  md5: "225115fa9423fb951f9589cbde2ae0a8",
  controller: "joystick",
  actions: ["noop", "right", "left"],
  start: [],
  score: (memory) => decimal(memory, 0x80),
  lives: (memory) => at(memory, 0x81),
  ended: (memory) => at(memory, 0x82) !== 0,
};

export const games: readonly Game[] = [breakout, enduro, seaquest, spaceInvaders, catchBall];

/** What came on top of a score. */
export function gain(game: Pick<Game, "wraps">, before: number, now: number): number {
  const difference = now - before;
  return difference < 0 && game.wraps !== undefined ? difference + game.wraps : difference;
}

const SIZES: readonly number[] = [2048, 4096, 8192, 16_384, 32_768, 65_536];

/** Recognizes a game by its ROM; throws for what is not one of those known. `where` is what errors start with. */
export function gameOf(rom: Uint8Array, where: string): Game {
  if (!SIZES.includes(rom.length))
    throw new Error(
      `${where}: a cartridge must have ${SIZES.slice(0, -1).join(", ")} or ${SIZES.at(-1)!} bytes, got ${rom.length}; give the whole image of its ROM, unpacked`,
    );
  const md5 = md5Of(rom);
  const game = games.find((g) => g.md5 === md5);
  if (!game)
    throw new Error(
      `${where}: the ROM must be one of ${games.map((g) => `${g.name} (md5 ${g.md5})`).join(", ")}, got one with md5 ${md5}; find that very version, as others keep score and lives elsewhere in memory`,
    );
  return game;
}
