/**
 * MinAtar (Young & Tian 2019, arXiv 1903.03176): small games on a grid of 10 x 10 cells, written from their rules.
 * Row 0 is the top, column 0 the left.
 */
import * as z from "zod/mini";

export const SIZE = 10;
export const ACTIONS = ["noop", "left", "up", "right", "down", "fire"] as const;
export type Action = (typeof ACTIONS)[number];

const MOST = 1_000_000;

/** The next number of a stream, uniform on [0, 1). */
export type Random = () => number;

export interface Outcome {
  readonly reward: number;
  /** Whether the game is over. */
  readonly ended: boolean;
}

/** The rules of a game. A state is plain data, which `structuredClone` copies and JSON holds. */
export interface Game<State = unknown> {
  readonly name: string;
  /** What each plane of an observation shows. */
  readonly channels: readonly string[];
  /** The actions that do something in this game. */
  readonly minimal: readonly Action[];
  /** What states from a file must be like, so that the rules hold for them and come to an end. */
  readonly state: z.ZodMiniType<State>;
  start(random: Random): State;
  /** Changes the state. */
  step(state: State, action: Action, random: Random): Outcome;
  /** Calls `set` for every cell that is on. */
  draw(state: State, set: (channel: number, row: number, column: number) => void): void;
}

/** Of states: a row or a column, where something goes, and a count of steps, points or what else is small. */
export const place: z.ZodMiniType<number> = z.int().check(z.minimum(0), z.maximum(SIZE - 1));
export const heading: z.ZodMiniType<number> = z.int().check(z.minimum(-1), z.maximum(1));
export const small: z.ZodMiniType<number> = z.int().check(z.minimum(-MOST), z.maximum(MOST));

/** Its column after a step to the side, no further than the edge. */
export const moved = (column: number, action: Action): number =>
  action === "left"
    ? Math.max(0, column - 1)
    : action === "right"
      ? Math.min(SIZE - 1, column + 1)
      : column;

export const inside = (column: number): boolean => column >= 0 && column < SIZE;

/** An integer from `low` to before `high`. */
export const between = (random: Random, low: number, high: number): number =>
  low + Math.floor(random() * (high - low));
