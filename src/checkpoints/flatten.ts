/** Nested dicts, lists and modules of a pickle to tensors by dotted names, and what else there was. */
import { brief } from "../train/json.ts";
import type { LeftOut } from "./entry.ts";
import { isGlobal, isMade, isPersistent, type Pickled } from "./pickle.ts";
import type { Strided } from "./strided.ts";

export interface Flat {
  readonly tensors: ReadonlyMap<string, Strided>;
  readonly leftOut: readonly LeftOut[];
}

const MOST_LEVELS = 100;
/** A value that is there in several places counts as often: a file of a line may say 2^60 of them. */
const MOST_PLACES = 1_000_000;

interface Place {
  readonly value: Pickled;
  /** "" of the whole. */
  readonly name: string;
  readonly above: Place | undefined;
  readonly level: number;
}

/** What `root` holds; `where` names the file in messages. */
export function flatten(root: Pickled, where: string): Flat {
  const tensors = new Map<string, Strided>();
  /** Leaves without tensors, by their places. */
  const others: (readonly [Place, why: string])[] = [];
  const withTensors = new Set<Place>();
  const left: Place[] = [{ value: root, name: "", above: undefined, level: 0 }];
  let places = 0;
  for (let place = left.pop(); place; place = left.pop()) {
    if (++places > MOST_PLACES)
      throw new Error(
        `${where}: expected at most ${MOST_PLACES} values, got more; save its weights alone`,
      );
    const { value, level } = place;
    if (isTensor(value)) {
      const name = place.name === "" ? "tensor" : place.name;
      if (tensors.has(name)) others.push([place, "another tensor has this name"]);
      else tensors.set(name, value);
      for (let up = place.above; up && !withTensors.has(up); up = up.above) withTensors.add(up);
      continue;
    }
    const isLoop = isWithin(place);
    const children = isLoop || level >= MOST_LEVELS ? [] : childrenOf(value);
    if (children.length === 0)
      others.push([place, isLoop ? "it is a part of itself" : described(value)]);
    for (const [key, child] of children.toReversed()) {
      const name = place.name === "" ? key : `${place.name}.${key}`;
      left.push({ value: child, name, above: place, level: level + 1 });
    }
  }
  return { tensors, leftOut: collapsed(others, withTensors) };
}

const isTensor = (x: Pickled): x is Strided =>
  typeof x === "object" && x !== null && "kind" in x && x.kind === "tensor";

function isWithin({ value, above }: Place): boolean {
  if (typeof value !== "object" || value === null) return false;
  for (let up = above; up; up = up.above) if (up.value === value) return true;
  return false;
}

type Child = readonly [key: string, value: Pickled];
const childrenOf = (value: Pickled): readonly Child[] => {
  if (value instanceof Map) return [...value].map(([key, inner]) => [keyOf(key), inner]);
  if (Array.isArray(value)) return value.map((inner, i) => [`${i}`, inner]);
  if (!isMade(value)) return [];
  const { state, items, list } = value;
  const parts = state instanceof Map ? moduleParts(state) : undefined;
  return [...(parts ?? [state]), items, list].flatMap(childrenOf);
};
const keyOf = (key: Pickled): string => (typeof key === "string" ? key : described(key));

/** A pickled module has its tensors and modules in dicts of their own; `state_dict` leaves the names of these away. */
function moduleParts(state: Map<Pickled, Pickled>): readonly Pickled[] | undefined {
  const parts = ["_parameters", "_buffers", "_modules"].flatMap((key) => state.get(key) ?? []);
  return state.has("_parameters") && state.has("_modules") ? parts : undefined;
}

/** What a value is, in a few words. */
function described(value: Pickled): string {
  if (value === null) return "None";
  if (value instanceof Map) return `a dict of ${value.size}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isMade(value)) return `an object of ${brief(value.class)}`;
  if (isGlobal(value)) return brief(value.name);
  if (isPersistent(value)) return "a storage";
  if (isTensor(value)) return "a tensor";
  return typeof value === "bigint" ? `${value}` : brief(value);
}

/** Of a dict without any tensor the dict alone, unless it is the whole. */
function collapsed(
  others: readonly (readonly [Place, string])[],
  withTensors: ReadonlySet<Place>,
): readonly LeftOut[] {
  const found = new Map<Place, LeftOut>();
  for (const [place, why] of others) {
    let top = place;
    while (top.above?.above && !withTensors.has(top.above)) top = top.above;
    const name = top.name === "" ? "all of it" : top.name;
    if (!found.has(top)) found.set(top, { name, why: top === place ? why : described(top.value) });
  }
  return [...found.values()];
}
