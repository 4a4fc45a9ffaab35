/** Attention (Vaswani et al. 2017), and what tells it positions. */
import {
  arange,
  cast,
  constant,
  greater,
  greaterOrEqual,
  expandDims,
  matmul,
  mul,
  needNode,
  reshape,
  select,
  softmax,
  transpose,
  type Node,
  type Shape,
} from "../../graph/index.ts";
import type { Layer } from "../scope.ts";
import { dense } from "./dense.ts";
import { dropout as dropoutOf } from "./noise.ts";
import { checksOf, layerNames, type LayerOptions } from "./weighted.ts";

/** Options of {@link multiHeadAttention}. */
export interface AttentionOptions extends LayerOptions {
  /** How many heads look at parts of units / heads each (default 1). */
  readonly heads?: number;
  /** What is looked at, `[batch, keys, in']`: x itself unless given. */
  readonly memory?: Node;
  /** Whether a position sees only itself and what comes before it. */
  readonly causal?: boolean;
  /**
   * bool `[batch, keys]`, or `[batch or 1, queries, keys]` for each query: true where there is something to look at (the
   * opposite of PyTorch's masks). A query with nothing to look at sees zeros.
   */
  readonly mask?: Node;
  /** The share of attention weights that is dropped in training. */
  readonly dropout?: number;
}

const checkAttention = checksOf<AttentionOptions>("multiHeadAttention", {
  ...layerNames,
  heads: "optional",
  memory: "optional",
  causal: "optional",
  mask: "optional",
  dropout: "optional",
});
/**
 * softmax(q k^T / sqrt(d)) v in several heads: x `[batch, queries, in]` -> `[batch, queries, units]`. The projections `query`,
 * `key`, `value` and `output` are dense layers.
 */
export const multiHeadAttention = (units: number, options: AttentionOptions = {}): Layer => {
  checkAttention(units, options);
  const { heads = 1, memory, causal = false, mask, dropout = 0, name, ...rest } = options;
  return (scope, x) => {
    const source = memory ?? needNode("multiHeadAttention", x);
    if (x.shape.length !== 3 || source.shape.length !== 3 || source.shape[0] !== x.shape[0])
      throw new Error(
        `multiHeadAttention: expected x of shape [batch, queries, in]${memory ? " and memory [batch, keys, in]" : ""}, got ${memory ? `[${x.shape}] and [${memory.shape}]` : `[${x.shape}]`}; reshape it first`,
      );
    if (!(Number.isInteger(heads) && heads >= 1) || units % heads !== 0)
      throw new Error(
        `multiHeadAttention: ${units} units do not divide into ${heads} heads; use a multiple`,
      );
    const [batch, queries, keys] = [x.shape[0], x.shape[1], source.shape[1]];
    if (causal && queries !== keys)
      throw new Error(
        `multiHeadAttention: causal needs a key for every query, got ${queries} queries and ${keys} keys; give a mask`,
      );
    const inner = scope.child("attention", name);
    const projected = (part: string, from: Node): Node =>
      dense(units, { ...rest, name: part })(inner, from);
    /** [batch, heads, time, units / heads] */
    const split = (y: Node): Node =>
      transpose(reshape(y, [batch, y.shape[1], heads, units / heads]), [0, 2, 1, 3]);
    const [q, k, v] = [
      split(projected("query", x)),
      split(projected("key", source)),
      split(projected("value", source)),
    ];
    const scores = matmul(mul(q, Math.sqrt(heads / units)), transpose(k));
    const seen = visible(scores.shape, { causal, mask });
    const weights = softmax(seen ? select(greater(seen, 0), scores, -1e9) : scores);
    const kept = dropoutOf(dropout)(inner, mask && seen ? mul(weights, seen) : weights);
    const joined = reshape(transpose(matmul(kept, v), [0, 2, 1, 3]), [batch, queries, units]);
    return projected("output", joined);
  };
};

/** 1 where a query sees a key, else 0, as it broadcasts against scores [batch, heads, queries, keys]. */
function visible(
  [batch, , queries, keys]: Shape,
  { causal, mask }: { readonly causal: boolean; readonly mask: Node | undefined },
): Node | undefined {
  const places = arange(keys);
  const before = causal
    ? cast(greaterOrEqual(expandDims(places, 1), places), "float") // [queries, keys]
    : undefined;
  if (!mask) return before;
  const fits =
    mask.shape.length === 2
      ? `${mask.shape}` === `${[batch, keys]}`
      : [1, batch].some((n) => `${mask.shape}` === `${[n, queries, keys]}`);
  if (mask.dtype !== "bool" || !fits)
    throw new Error(
      `multiHeadAttention: expected a mask of bool [${batch}, ${keys}] or [${batch}, ${queries}, ${keys}], got ${mask.dtype} [${mask.shape}]; true is for what may be looked at`,
    );
  const [n] = mask.shape;
  const given = cast(reshape(mask, [n, 1, mask.shape.length === 2 ? 1 : queries, keys]), "float");
  return before ? mul(given, before) : given;
}

/**
 * Position embeddings [length, units] to be added to x: sin(p / 10000^(2i / units)) and its cosine in turns (Vaswani et al. 2017).
 */
export function sinusoidalPositions(length: number, units: number): Node {
  const data = Array.from({ length: length * units }, (_, k) => {
    const [position, i] = [Math.floor(k / units), k % units];
    const angle = position / 10000 ** ((i - (i % 2)) / units);
    return i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  return constant(data, [length, units]);
}
