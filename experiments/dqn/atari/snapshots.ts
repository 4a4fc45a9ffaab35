/**
 * Snapshots of an emulator that has none, from outside: all of its state lies in own properties of objects that are there
 * from the start, so a walk over them finds the same ones in the same order in every process. That reaches into the
 * package, so its version is pinned.
 */
import { deflateSync, inflateSync } from "fflate";
import * as z from "zod/mini";

/** What differs from the start, by place in the walk; arrays as their deflated bytes, base64. */
export interface Saved {
  readonly places: number;
  readonly values: readonly (readonly [place: number, value: Plain | Reference])[];
  readonly arrays: readonly (readonly [place: number, bytes: string])[];
}
type Plain = number | string | boolean | null;
/** An object or function by its place in the walk. */
interface Reference {
  readonly thing: number;
}

const place = z.int().check(z.minimum(0));
const plain = z.union([z.number(), z.string(), z.boolean(), z.null()]);
const reference = z.strictObject({ thing: place });
/** What a snapshot from a file must be like; whether its places are those of this emulator is seen when it is loaded. */
export const savedSchema: z.ZodMiniType<Saved> = z.strictObject({
  places: place,
  values: z.array(z.tuple([place, z.union([plain, reference])])),
  arrays: z.array(z.tuple([place, z.string()])),
});

/** Saves and loads all that can be reached from the roots. */
export function snapshots(roots: readonly unknown[]): {
  readonly save: () => Saved;
  readonly load: (saved: Saved) => void;
} {
  const things = reachable(roots);
  const places = new Map(things.map((thing, i) => [thing, i]));
  const slots = things
    .filter(isRecord)
    .flatMap((owner) => Object.keys(owner).map((key) => ({ owner, key, initial: owner[key] })));
  const arrays = things.filter(ArrayBuffer.isView).map((array) => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    return { bytes, initial: bytes.slice() };
  });
  const encode = (held: unknown): Plain | Reference => {
    if (held === null || ["number", "string", "boolean"].includes(typeof held))
      return held as Plain;
    const thing = places.get(held);
    if (thing === undefined)
      throw new Error(
        `atari: the emulator's state must be known objects, got a new ${typeof held}; use version 1.1.4 of 6502.ts`,
      );
    return { thing };
  };
  const decode = (held: Plain | Reference): unknown => {
    if (typeof held !== "object" || held === null) return held;
    return at(things, held.thing);
  };

  return {
    save: () => ({
      places: things.length,
      values: slots.flatMap(({ owner, key, initial }, i) =>
        Object.is(owner[key], initial) ? [] : [[i, encode(owner[key])] as const],
      ),
      arrays: arrays.flatMap(({ bytes, initial }, i) =>
        equal(bytes, initial) ? [] : [[i, toBase64(deflateSync(bytes))] as const],
      ),
    }),
    load(saved) {
      if (saved.places !== things.length)
        throw new Error(
          `atari: a snapshot must be of the same emulator, got one with ${saved.places} objects for ${things.length}; use version 1.1.4 of 6502.ts`,
        );
      // All of it is looked at before anything is changed.
      const values = new Map(saved.values.map(([i, held]) => [at(slots, i), decode(held)]));
      const contents = new Map(
        saved.arrays.map(([i, text]) => {
          const array = at(arrays, i);
          return [array, inflated(text, array.bytes.length)];
        }),
      );
      for (const slot of slots) {
        const { owner, key, initial } = slot;
        const held = values.has(slot) ? values.get(slot) : initial;
        if (!Object.is(owner[key], held)) owner[key] = held;
      }
      for (const array of arrays) array.bytes.set(contents.get(array) ?? array.initial);
    },
  };
}

const unfit = (got: string): Error =>
  new Error(
    `atari: a snapshot must be what this emulator wrote, got ${got}; use an earlier checkpoint`,
  );

function at<T>(all: readonly T[], i: number): T {
  if (i < all.length) return all[i];
  throw unfit(`place ${i} of ${all.length}`);
}

/** An array of so many bytes from its deflated text; what would become longer is not followed to its end. */
function inflated(text: string, length: number): Uint8Array {
  let bytes: Uint8Array | undefined;
  try {
    bytes = inflateSync(fromBase64(text), { out: new Uint8Array(length + 1) }); // one more: a longer one is seen
  } catch {
    // said below
  }
  if (bytes?.length === length) return bytes;
  throw unfit(`an array that has not ${length} bytes`);
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.every((x, i) => x === b[i]);

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const x of bytes) text += String.fromCharCode(x);
  return btoa(text);
}
const fromBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Objects and functions by depth-first search, `undefined` among them: all that a property may hold and JSON may not. */
function reachable(roots: readonly unknown[]): readonly unknown[] {
  const found = new Set<unknown>([undefined]);
  const visit = (value: unknown): void => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
    if (found.has(value)) return;
    found.add(value);
    if (isRecord(value)) for (const key of Object.keys(value)) visit(value[key]);
  };
  roots.forEach(visit);
  return [...found];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
