/** What an agent acts in: MinAtar, and whatever else can be looked at and acted on. */
import * as z from "zod/mini";
import { checked } from "../../runs/checked.ts";
import type { Raster } from "../../runs/experiment.ts";
import { brief } from "../../src/train/json.ts";

export interface Environment {
  readonly name: string;
  /** [channels, height, width] of an observation. */
  readonly shape: readonly [number, number, number];
  /** The largest value in an observation. */
  readonly most: 1 | 255;
  /** Names of the actions, which are chosen by number. */
  readonly actions: readonly string[];
  /** Starts a new episode; what is random goes on where it was. */
  reset(): void;
  /** Throws a RangeError for an action that there is not, and an Error after the end of an episode. */
  step(action: number): Outcome;
  /** Writes what is seen now, channels first, into `to`, or into a new array. */
  observe(to?: Uint8Array): Uint8Array;
  /** What a person would look at. */
  picture(): Raster;
  /** All there is to know, as JSON can hold it: after `restore` everything goes on as it did after `snapshot`. */
  snapshot(): unknown;
  /** Throws for what is no snapshot of this game: it may come from a file. */
  restore(snapshot: unknown): void;
}

export interface Outcome {
  /** As the game counts, not clipped. */
  readonly reward: number;
  /** Whether the game is over: nothing can come after it. */
  readonly ended: boolean;
  /** Whether the episode is over because it took too long: the game would have gone on. */
  readonly truncated: boolean;
}

/** A snapshot of the game `name` that fits its schema. */
export function snapshotOf<S extends { readonly game: string }>(
  name: string,
  schema: z.ZodMiniType<S>,
  snapshot: unknown,
): S {
  const named = z.looseObject({ game: z.string() }).safeParse(snapshot);
  if (!named.success || named.data.game !== name)
    throw new Error(
      `${name}: a snapshot must be of the same game, got ${named.success ? `one of ${named.data.game.slice(0, 40)}` : brief(snapshot)}; restore it there`,
    );
  return checked(schema, snapshot, { where: name, advice: "use an earlier checkpoint" });
}
