/** Games of the Atari 2600 as environments, preprocessed as in Mnih et al. 2015 and started as ALE starts them. */
import * as z from "zod/mini";
import { hash, keyOf } from "../../../src/index.ts";
import { snapshotOf, type Environment } from "../environment.ts";
import { powerOn } from "./console.ts";
import type { Load } from "./emulator.ts";
import { ACTIONS, gain, gameOf, type Action } from "./games.ts";
import { SIDE, observationOf, pictureOf } from "./screen.ts";
import { savedSchema, type Saved } from "./snapshots.ts";

export { catchRom, type Cartridge } from "./catch/index.ts";
export { gameOf, games, type Game } from "./games.ts";

/** Frames for which an action is held, unless the game ends. */
const SKIP = 4;
/** Frames that a console gets to wake up, and those for which its RESET is held. */
const WAKING = 60;
const RESET = 4;

export interface AtariOptions {
  /** Where the ROM is from: what errors start with. */
  readonly where: string;
  /** Where modules of the emulator come from. */
  readonly load: Load;
  readonly seed?: number;
  /** How often the last action is held for another frame instead of the chosen one (ALE today: 0.25; DQN's time: 0). */
  readonly sticky?: number;
  /** An episode starts with 0 to so many frames without action, so that it is not always the same one. */
  readonly noops?: number;
  /** Frames after which an episode is cut off; half an hour by default. */
  readonly limit?: number;
}

interface Snapshot {
  readonly game: string;
  readonly console: Saved;
  readonly drawn: number;
  readonly last: Action;
  readonly frames: number;
  readonly score: number;
  readonly lives: number;
  readonly starting: number;
  readonly begun: boolean;
  readonly over: boolean;
}
const count = z.int().check(z.minimum(0));
const snapshotSchema: z.ZodMiniType<Snapshot> = z.strictObject({
  game: z.string(),
  console: savedSchema,
  ...{ drawn: count, frames: count, score: z.int(), lives: z.int() },
  last: z.enum(ACTIONS),
  starting: count,
  ...{ begun: z.boolean(), over: z.boolean() },
});

/** Throws for a ROM that is not that of a known game, and without the emulator, an optional peer dependency. */
export async function atari(
  rom: Uint8Array,
  { where, load, seed = 0, sticky = 0, noops = 30, limit = 108_000 }: AtariOptions,
): Promise<Environment> {
  const game = gameOf(rom, where);
  const { name, actions } = game;
  if (!(sticky >= 0 && sticky <= 1))
    throw new RangeError(`atari: sticky must be a probability, got ${sticky}; pass 0 to 1`);
  if (!(Number.isInteger(noops) && noops >= 0))
    throw new RangeError(`atari: noops must be a whole number, got ${noops}; pass 0 or more`);
  const key = keyOf(seed, "atari", name);
  let drawn = 0;
  const random = (): number => hash(drawn++, key);

  const console = await powerOn(rom, { load, controller: game.controller });
  for (let i = 0; i < WAKING; i++) console.frame("noop");
  for (let i = 0; i < RESET; i++) console.frame("reset");
  for (const action of game.start) console.frame(action);
  const started = console.save();

  let last: Action = "noop";
  let frames = 0;
  let score = 0;
  let lives = 0;
  /** Frames of the actions that start a life that are still to come. */
  let starting = 0;
  let begun = false;
  let over = false;

  /** Emulates one frame, and says what it was worth. */
  const advance = (action: Action): { readonly reward: number; readonly ended: boolean } => {
    console.frame(starting > 0 ? game.start[game.start.length - starting--] : action);
    frames++;
    const memory = console.memory();
    const alive = game.lives?.(memory) ?? 0;
    if (game.startsLives && alive < lives) starting = game.start.length;
    lives = alive;
    begun ||= game.begun?.(memory) ?? true;
    const before = score;
    score = game.score(memory);
    return { reward: gain(game, before, score), ended: begun && game.ended(memory) };
  };
  const reset = (): void => {
    console.load(started);
    const memory = console.memory();
    [last, frames, starting, begun, over] = ["noop", 0, 0, false, false];
    [score, lives] = [game.score(memory), game.lives?.(memory) ?? 0];
    for (let n = random() % (noops + 1); n > 0; n--) advance("noop");
  };
  reset();

  return {
    name,
    shape: [1, SIDE, SIDE],
    most: 255,
    actions,
    reset,
    step(index) {
      if (over)
        throw new Error(
          `${name}: a step must be in an episode, got one after its end; reset first`,
        );
      const chosen = actions[index] as Action | undefined;
      if (chosen === undefined)
        throw new RangeError(
          `${name}: an action must be 0 to ${actions.length - 1}, got ${index}; see actions`,
        );
      let reward = 0;
      let ended = false;
      for (let i = 0; i < SKIP && !ended && frames < limit; i++) {
        if (sticky === 0 || random() / 2 ** 32 >= sticky) last = chosen;
        const outcome = advance(last);
        reward += outcome.reward;
        ({ ended } = outcome);
      }
      const truncated = !ended && frames >= limit;
      over = ended || truncated;
      return { reward, ended, truncated };
    },
    observe: (to) => observationOf(console.screens, to),
    picture: () => pictureOf(console.screens[1]),
    snapshot(): Snapshot {
      const counts = { drawn, frames, score, lives, starting };
      return { game: name, console: console.save(), ...counts, last, begun, over };
    },
    restore(snapshot) {
      const saved = snapshotOf(name, snapshotSchema, snapshot);
      console.load(saved.console);
      ({ drawn, last, frames, score, lives, begun, over } = saved);
      starting = Math.min(saved.starting, game.start.length);
    },
  };
}
