/** How far two checkpoints are apart as functions: every weight whole, whatever its parts are called. */
import { isFloat } from "./dtypes.ts";
import type { Entry } from "./entry.ts";
import { foldedNumbers, numbers, type Parts } from "./folding.ts";
import { partsOf } from "./schemes.ts";

/** How far two checkpoints are apart, as {@link compareWeights} finds it. */
export interface WeightDifference {
  /** The largest of all, and the weight that has it. */
  readonly largest: number;
  readonly weight: string;
  /** The largest absolute value of that weight. */
  readonly of: number;
  /** Tensors of other types whose bytes are not the same, and weights that only one has. */
  readonly others: readonly string[];
}

/** The largest difference of a weight between `before` and `after`. `axis` is that of `rewriteWeights`. */
export async function compareWeights(
  before: readonly Entry[],
  after: readonly Entry[],
  { where, axis }: { readonly where: string; readonly axis?: number | null | undefined },
): Promise<WeightDifference> {
  const [a, b] = [before, after].map((entries) => wholeWeights(entries, where, axis));
  const others = [...a.keys()].filter((name) => !b.has(name));
  others.push(...[...b.keys()].filter((name) => !a.has(name)));
  let found = { largest: 0, weight: "", of: 0 };
  for (const [name, x] of a) {
    const y = b.get(name);
    if (!y) continue;
    const { largest, of } = await apart(x.values(), y.values());
    if (Number.isNaN(largest) || (!x.isFloat && largest > 0)) others.push(name);
    else if (largest > found.largest || found.weight === "")
      if (x.isFloat) found = { largest, weight: name, of };
  }
  return { ...found, others };
}

interface Whole {
  readonly isFloat: boolean;
  /** Numbers; of other types the bytes. */
  values(): AsyncIterable<ArrayLike<number>>;
}
function wholeWeights(
  entries: readonly Entry[],
  where: string,
  axis: number | null | undefined,
): ReadonlyMap<string, Whole> {
  const parted = partsOf(entries, { where, axis });
  const inParts = new Map<Entry, readonly [weight: string, parts: Parts] | undefined>();
  for (const [weight, parts] of parted) {
    inParts.set(parts.v, [weight, parts]);
    inParts.set(parts.g, undefined);
  }
  return new Map(
    entries.flatMap((entry): readonly (readonly [string, Whole])[] => {
      const found = inParts.get(entry);
      if (found) {
        const [weight, parts] = found;
        return [[weight, { isFloat: true, values: () => foldedNumbers(parts) }]];
      }
      if (inParts.has(entry)) return [];
      const is = isFloat(entry.dtype);
      return [[entry.name, { isFloat: is, values: () => (is ? numbers(entry) : entry.chunks()) }]];
    }),
  );
}

/** The largest difference and the largest value; NaN where there are not as many, or one alone is not finite. */
async function apart(
  a: AsyncIterable<ArrayLike<number>>,
  b: AsyncIterable<ArrayLike<number>>,
): Promise<{ readonly largest: number; readonly of: number }> {
  const others = b[Symbol.asyncIterator]();
  let [rest, at] = [[] as ArrayLike<number>, 0];
  const next = async (): Promise<number> => {
    while (at >= rest.length) {
      const found = await others.next();
      if (found.done === true) return NaN;
      [rest, at] = [found.value, 0];
    }
    return 0;
  };
  let [largest, of] = [0, 0];
  for await (const piece of a)
    for (let i = 0; i < piece.length;) {
      if (Number.isNaN(await next())) return { largest: NaN, of };
      const count = Math.min(piece.length - i, rest.length - at);
      for (const end = i + count; i < end; i++, at++) {
        const [x, y] = [piece[i], rest[at]];
        if (Math.abs(x) > of) of = Math.abs(x);
        if (Object.is(x, y)) continue;
        const d = Math.abs(x - y);
        // One not finite, and the other not the same.
        if (!(d <= largest)) largest = d;
      }
      if (Number.isNaN(largest)) return { largest, of };
    }
  return Number.isNaN(await next()) ? { largest, of } : { largest: NaN, of };
}
