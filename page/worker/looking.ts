/** What can be looked at of models while they train: each look is of the last checkpoint, whatever the race does meanwhile. */
import type { RunKey } from "../../runs/events.ts";
import type { Field } from "../../runs/experiment.ts";
import type { Looks } from "../../runs/looks.ts";
import type { Arm } from "../../runs/records.ts";
import type { Checkpoint } from "../../src/index.ts";
import { filtersOf } from "../../src/train/filters.ts";
import type { Lab, Looking } from "./protocol.ts";

/** Units of a layer that are shown. */
const MOST_UNITS = 64;
/** Examples side by side, and frames of a game: some minutes of one. */
const SAMPLES = 64;
const FRAMES = 2000;

type Look = "filters" | "guess" | "mistakes" | "samples" | "reconstructions" | "decode" | "game";
export interface Looker extends Pick<Lab, Look> {
  readonly looking: Looking;
  /** Frees what looks needed. */
  release(): Promise<void>;
}

export interface Watched {
  readonly field: Field;
  readonly keys: readonly RunKey[];
  /** The last checkpoint of a run. */
  readonly checkpoint: (key: RunKey) => Checkpoint;
}

export function looker({ field, keys, checkpoint }: Watched): Looker {
  const byArm = new Map<Arm, Looks>();
  function looksOf({ arm, ...rest }: RunKey): Partial<Looks> {
    const found = byArm.get(arm) ?? field.looks?.({ arm, ...rest });
    if (found) byArm.set(arm, found);
    return found ?? {};
  }
  function the<K extends keyof Looks>(look: K, key: RunKey): NonNullable<Looks[K]> {
    const found = looksOf(key)[look];
    if (found) return found;
    throw new Error(
      `${look}: expected a model that has such, got one of another kind; look at something else`,
    );
  }
  const state = (key: RunKey): Checkpoint["state"] => checkpoint(key).state;
  return {
    looking: lookingOf(looksOf(keys[0])),
    async release() {
      for (const looks of byArm.values()) await looks.release();
    },
    filters: (key, layer) => Promise.resolve(filtersOf(state(key), layer, MOST_UNITS)),
    guess: (picture) =>
      each(keys, async (key) => {
        const [probabilities] = await the("guesses", key).of(state(key), [picture]);
        return { key, probabilities };
      }),
    mistakes: (most) =>
      each(keys, async (key) => ({ key, mistakes: await the("mistakes", key)(state(key), most) })),
    samples: async (key, seed) => the("samples", key)(state(key), { count: SAMPLES, seed }),
    reconstructions: async (key) => the("reconstructions", key)(state(key)),
    decode: async (key, z) => the("latents", key).of(state(key), z),
    game: async (key, seed) => the("game", key)(state(key), { seed, most: FRAMES }),
  };
}

/** One after the other: they share one runtime. */
async function each<T>(keys: readonly RunKey[], of: (key: RunKey) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (const key of keys) all.push(await of(key));
  return all;
}

function lookingOf({
  guesses,
  mistakes,
  samples,
  reconstructions,
  latents,
  game,
}: Partial<Looks>): Looking {
  return {
    ...(guesses && {
      guesses: {
        ...{ picture: guesses.picture, inverted: guesses.inverted, classes: guesses.classes },
      },
    }),
    ...(latents ? { latents: latents.count } : {}),
    mistakes: mistakes !== undefined,
    samples: samples !== undefined,
    reconstructions: reconstructions !== undefined,
    game: game !== undefined,
  };
}
