/** What a comparison of agents leaves behind: the shape of its results.json. Plain data, no code. */
import type { Arm, Machine, PictureFile } from "../results.ts";
import type { Score } from "./play.ts";
import type { Point } from "./run.ts";

export interface DqnRunResult {
  readonly seed: number;
  readonly curve: readonly Point[];
  /** Episodes without learning after the last frame. */
  readonly final: Score;
  readonly framesPerSecond: number;
  /** The median of a learning step, drawing its batch included, and the mean of a whole frame of acting and learning. */
  readonly milliseconds: { readonly update: number | null; readonly frame: number };
}

export interface DqnArmResult {
  readonly parameters: number;
  readonly runs: readonly DqnRunResult[];
}

export interface DqnResults {
  readonly format: "weightnorm-dqn/1";
  readonly experiment: "dqn";
  readonly command: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly machine: Machine;
  /** The game that was played, and its actions by name. */
  readonly game: { readonly name: string; readonly actions: readonly string[] };
  readonly startedAt: string;
  /** Of an unfinished comparison: the frames that all of its runs have done. */
  readonly soFar?: number;
  /** Of all runs, over all processes that went on with them. */
  readonly seconds: number;
  /** What uniformly random actions get. */
  readonly random: Score;
  readonly arms: Readonly<Partial<Record<Arm, DqnArmResult>>>;
  /** Runs that diverged. */
  readonly lost: readonly {
    readonly arm: Arm;
    readonly seed: number;
    readonly frame: number;
    readonly why: string;
  }[];
  readonly pictures: readonly PictureFile[];
}
