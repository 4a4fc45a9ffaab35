/**
 * Snapshots of an emulator that has none, from outside: all of its state lies in own properties of objects that are there
 * from the start, so a walk over them finds the same ones in the same order in every process. That reaches into the
 * package, so its version is pinned.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";

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

/** Saves and loads all that can be reached from the roots. */
export function snapshots(roots: readonly unknown[]): {
  readonly save: () => Saved;
  readonly load: (saved: Saved) => void;
} {
  const things = reachable(roots);
  const places = new Map(things.map((thing, place) => [thing, place]));
  const slots = things
    .filter(isRecord)
    .flatMap((owner) => Object.keys(owner).map((key) => ({ owner, key, initial: owner[key] })));
  const arrays = things.filter(ArrayBuffer.isView).map((array) => {
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
    return { bytes, initial: Buffer.from(bytes) };
  });
  const encode = (value: unknown): Plain | Reference => {
    if (value === null || ["number", "string", "boolean"].includes(typeof value))
      return value as Plain;
    const thing = places.get(value);
    if (thing === undefined)
      throw new Error(
        `atari: the emulator's state must be known objects, got a new ${typeof value}; use version 1.1.4 of 6502.ts`,
      );
    return { thing };
  };
  const decode = (value: Plain | Reference): unknown =>
    typeof value === "object" && value !== null ? things[value.thing] : value;

  return {
    save: () => ({
      places: things.length,
      values: slots.flatMap(({ owner, key, initial }, i) =>
        Object.is(owner[key], initial) ? [] : [[i, encode(owner[key])] as const],
      ),
      arrays: arrays.flatMap(({ bytes, initial }, i) =>
        bytes.equals(initial) ? [] : [[i, deflateRawSync(bytes).toString("base64")] as const],
      ),
    }),
    load(saved) {
      if (saved.places !== things.length)
        throw new Error(
          `atari: a snapshot must be of the same emulator, got one with ${saved.places} objects for ${things.length}; use version 1.1.4 of 6502.ts`,
        );
      const values = new Map(saved.values);
      for (const [i, { owner, key, initial }] of slots.entries()) {
        const value = values.has(i) ? decode(values.get(i)!) : initial;
        if (!Object.is(owner[key], value)) owner[key] = value;
      }
      const changed = new Map(saved.arrays);
      for (const [i, { bytes, initial }] of arrays.entries())
        bytes.set(
          changed.has(i) ? inflateRawSync(Buffer.from(changed.get(i)!, "base64")) : initial,
        );
    },
  };
}

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
