/** Weights of a checkpoint whole or in two parts, by the names that PyTorch has for these. */
import { sizeOf, type Shape } from "../graph/index.ts";
import { checkedParts, fittedScale, partOf, partedWeights, type Parted } from "../nn/parts.ts";
import type { Tensors, Values } from "../nn/values.ts";
import { brief, printable } from "../train/json.ts";
import { isFloat } from "./dtypes.ts";
import type { Entry } from "./entry.ts";
import { isWritten, WRITTEN, type Written } from "./floats.ts";
import { foldedNumbers, normsOf, numbers, written, type Parts } from "./folding.ts";

export const SCHEMES: readonly Scheme[] = ["weight_g", "parametrizations", "folded"];
/** `X.weight_g` and `X.weight_v`, `X.parametrizations.weight.original0` and `1`, or `X.weight`. */
export type Scheme = "weight_g" | "parametrizations" | "folded";

/** What {@link rewriteWeights} does to weights. */
export interface RewriteOptions {
  /** What messages call the checkpoint. */
  readonly where: string;
  /** What weights in two parts become: other names, or whole ones. By default they stay. */
  readonly scheme?: Scheme | undefined;
  /** Whole weights become two parts: in the names of `scheme`, else weight_g. */
  readonly unfold?: boolean | undefined;
  /** Only weights whose name (when whole) this matches. By default all in two parts, and of whole ones those called `weight` of rank 2 and more. */
  readonly only?: RegExp | undefined;
  /** The axis along which the units of v are: of weights that are unfolded (default 0), and where the shape of g leaves it open; null for one norm of the whole. */
  readonly axis?: number | null | undefined;
  /** The type that floats become. By default each keeps its own. */
  readonly dtype?: Written | undefined;
}

/** What became of a weight. */
export interface Change {
  readonly weight: string;
  readonly what: "folded" | "unfolded" | "renamed" | "kept";
  /** The shape of g, or why it was kept. */
  readonly note: string;
}

/** What {@link rewriteWeights} makes. */
export interface Rewritten {
  readonly entries: readonly Entry[];
  readonly changes: readonly Change[];
}

/** `entries` as the options have them; those that they do not speak of stay as they are, in their order. */
export function rewriteWeights(entries: readonly Entry[], options: RewriteOptions): Rewritten {
  const { where, scheme, only, dtype } = options;
  const parted = partsOf(entries, options);
  const byPart = new Map(
    [...parted.values()].flatMap(
      (x) =>
        [
          [x.v, x],
          [x.g, x],
        ] as const,
    ),
  );
  const changes: Change[] = [];
  let matched = 0;
  const isMeant = (name: string): boolean => {
    const is = only?.test(name) ?? true;
    if (is) matched++;
    return is;
  };
  const result = entries.flatMap((entry): readonly Entry[] => {
    const parts = byPart.get(entry);
    if (!parts) {
      const said = options.unfold === true ? unfolded(entry, options, isMeant) : undefined;
      if (!said) return [entry];
      changes.push(said.change);
      return said.entries;
    }
    const { weight } = parts;
    const isV = entry === parts.v;
    if (scheme === undefined || !isMeant(weight)) return [entry];
    if (scheme === "folded") {
      if (!isV) return [];
      changes.push({ weight, what: "folded", note: `g [${parts.g.shape}]` });
      return [foldedEntry(weight, parts, where, dtype)];
    }
    const names = partNames(weight, scheme);
    if (!names || partOf(entry.name)?.scheme === "ours") {
      if (isV) changes.push({ weight, what: "kept", note: "PyTorch has no such name" });
      return [entry];
    }
    const name = isV ? names.v : names.g;
    if (isV && name !== entry.name)
      changes.push({ weight, what: "renamed", note: `g [${parts.g.shape}]` });
    return [{ ...entry, name }];
  });
  if (only && matched === 0)
    throw new Error(
      `${where}: expected a weight that ${brief(only.source)} matches, got ${
        entries
          .slice(0, 3)
          .map((x) => brief(x.name))
          .join(", ") || "none"
      }${entries.length > 3 ? " ..." : ""}; mend the pattern`,
    );
  unique(result, where);
  return { entries: dtype ? result.map((x) => converted(x, dtype, where)) : result, changes };
}

/** Weights in two parts, by the name that they would have whole. One letter is a part only where the other is there. */
export function partsOf(
  entries: readonly Entry[],
  { where, axis }: Pick<RewriteOptions, "where" | "axis">,
): ReadonlyMap<string, Parts & { readonly weight: string }> {
  const byName = new Map(entries.map((x) => [x.name, x]));
  const paired = new Set(partedWeights(byName.keys()).flatMap(({ v, scale }) => [v, scale]));
  const all = new Map<string, Values>();
  for (const { name, shape } of entries)
    if (paired.has(name) || partOf(name)?.scheme !== "ours") all.set(name, shaped(shape));
  return new Map(
    checked(where, all).map(({ weight, v, scale, exponential }) => {
      const [of, g] = [byName.get(v)!, byName.get(scale)!];
      for (const { name, dtype } of [of, g])
        if (!isFloat(dtype))
          throw new Error(
            `${where}: expected floats in ${brief(name)}, got ${dtype}; leave it out`,
          );
      const gShape = scaleShape(of, g, axis, all);
      if (typeof gShape === "string")
        throw new Error(
          `${where}: ${brief(scale)} does not fit ${brief(v)}, got [${g.shape}] and [${of.shape}]; ${gShape}`,
        );
      return [weight, { weight, v: of, g, gShape, exponential }];
    }),
  );
}
/** Names of a file do nothing to a terminal in what `checkedParts` says of them. */
function checked(where: string, all: Tensors): readonly Parted[] {
  try {
    return checkedParts(where, all);
  } catch (error) {
    throw new Error(printable((error as Error).message), { cause: error });
  }
}
const shaped = (shape: Shape): Values => ({ dtype: "float", shape, data: new Float32Array(0) });

function scaleShape(
  v: Entry,
  g: Entry,
  axis: number | null | undefined,
  all: Tensors,
): Shape | string {
  const isAlong = typeof axis === "number" && g.shape.length === 1 && v.shape.length > 1;
  if (isAlong && v.shape[axis] === g.shape[0]) return along(v.shape, axis);
  const fitted = fittedScale({ v: v.name, scale: g.name }, all);
  if (typeof fitted !== "string") return fitted.shape;
  const isSquare = g.shape.length === 1 && v.shape.includes(g.shape[0]);
  return isSquare ? "say along which axis its units are (--axis 0)" : fitted;
}
const along = (shape: Shape, axis: number | null): Shape =>
  shape.map((d, i) => (i === axis ? d : 1));

function foldedEntry(
  name: string,
  parts: Parts,
  where: string,
  wanted: Written | undefined,
): Entry {
  const { v } = parts;
  const dtype = wanted ?? v.dtype;
  if (!isWritten(dtype)) throw notWritten(where, v);
  return {
    ...{ name, dtype, shape: v.shape },
    chunks: () => written(foldedNumbers(parts), dtype, `${where}: ${brief(name)}`),
  };
}
const notWritten = (where: string, { name, dtype }: Entry): Error =>
  new Error(
    `${where}: expected ${brief(name)} in ${WRITTEN.join(", ")}, got ${dtype}; convert it on the way with --dtype`,
  );

/** A whole weight in two parts; undefined where it is none that was asked for. */
function unfolded(
  entry: Entry,
  { where, scheme, only, axis = 0, dtype: wanted }: RewriteOptions,
  isMeant: (name: string) => boolean,
): { readonly entries: readonly Entry[]; readonly change: Change } | undefined {
  const { name: weight, shape } = entry;
  if (!only && !/(^|\.)weight$/.test(weight)) return undefined;
  if (!isMeant(weight)) return undefined;
  const kept = (note: string): ReturnType<typeof unfolded> =>
    only && { entries: [entry], change: { weight, what: "kept", note } };
  if (shape.length < 2 || !isFloat(entry.dtype) || sizeOf(shape) === 0)
    return kept(`${entry.dtype} [${shape}] is no matrix of floats`);
  const names = partNames(weight, scheme === "parametrizations" ? scheme : "weight_g");
  if (!names) return kept("PyTorch has no such name of a weight");
  if (axis !== null && axis >= shape.length)
    throw new Error(
      `${where}: expected axis ${axis} in ${brief(weight)}, got [${shape}]; choose another, or weights that have it with --only`,
    );
  const dtype = wanted ?? entry.dtype;
  if (!isWritten(dtype)) throw notWritten(where, entry);
  const gShape = along(shape, axis);
  const g: Entry = {
    ...{ name: names.g, dtype, shape: gShape },
    async *chunks() {
      const norms = await normsOf(entry, gShape);
      yield* written([norms], dtype, `${where}: ${brief(names.g)}`);
    },
  };
  return {
    entries: [g, { ...entry, name: names.v }],
    change: { weight, what: "unfolded", note: `g [${gShape}]` },
  };
}

/** What the parts of a weight are called; undefined for a name that PyTorch's parts have not. */
function partNames(
  weight: string,
  scheme: "weight_g" | "parametrizations",
): { readonly g: string; readonly v: string } | undefined {
  const [, module = "", last = ""] = /^(.*\.)?([^.]*)$/s.exec(weight) ?? [];
  if (!/^weight\w*$/.test(last)) return undefined;
  const at = (letter: "g" | "v"): string =>
    scheme === "weight_g"
      ? `${weight}_${letter}`
      : `${module}parametrizations.${last}.original${letter === "g" ? 0 : 1}`;
  return { g: at("g"), v: at("v") };
}

/** Floats as another type. */
const converted = (entry: Entry, dtype: Written, where: string): Entry =>
  !isFloat(entry.dtype) || entry.dtype === dtype
    ? entry
    : {
        ...{ ...entry, dtype },
        chunks: () => written(numbers(entry), dtype, `${where}: ${brief(entry.name)}`),
      };

function unique(entries: readonly Entry[], where: string): void {
  const names = new Set<string>();
  for (const { name } of entries) {
    if (names.has(name))
      throw new Error(
        `${where}: expected every name once, got ${brief(name)} twice; leave one out`,
      );
    names.add(name);
  }
}
