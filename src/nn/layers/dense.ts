/** Products with a matrix: dense layers and embeddings. */
import {
  cast,
  equal,
  expandDims,
  gather,
  matmul,
  mul,
  needNode,
  reshape,
  sizeOf,
  sub,
  transpose,
  within,
  type Node,
} from "../../graph/index.ts";
import type { Layer } from "../scope.ts";
import { wholeUnits } from "../checks.ts";
import { checksOf, layerNames, weighted, type LayerOptions } from "./weighted.ts";

const checkDense = checksOf<LayerOptions>("dense", layerNames);
/**
 * `y = x w^T + b`, `[..., in] -> [..., units]`; w is [units, in]. Statistics run over the batch and all positions.
 */
export const dense = (units: number, options: LayerOptions = {}): Layer => {
  checkDense(units, options);
  return (scope, x) => {
    if (needNode("dense", x).shape.length < 2)
      throw new Error(
        `dense: expected x of shape [batch, ..., in], got [${x.shape}]; give it a batch axis`,
      );
    const width = x.shape.at(-1)!;
    const { w, preactivation } = weighted(scope, "dense", options, {
      units,
      shape: [units, width],
      g: [units, 1],
    });
    const rows = reshape(x, [sizeOf(x.shape.slice(0, -1)), width]); // x itself where it is a matrix
    return reshape(preactivation(matmul(rows, transpose(w))), [...x.shape.slice(0, -1), units]);
  };
};

/** Options of {@link embedding}. */
export interface EmbeddingOptions extends LayerOptions {
  /**
   * Positions of this index give zeros, whatever its row is, and no gradient to it. (PyTorch reads that row, and sets it to
   * zero at first.)
   */
  readonly paddingIndex?: number;
}
const checkEmbedding = checksOf<EmbeddingOptions>("embedding", {
  ...layerNames,
  paddingIndex: "optional",
});
/** int32 `[...]` below `vocabulary` to float `[..., units]`: a dense layer on one-hot vectors; w is [vocabulary, units]. */
export const embedding = (
  vocabulary: number,
  units: number,
  options: EmbeddingOptions = {},
): Layer => {
  wholeUnits("embedding", "vocabulary", vocabulary);
  checkEmbedding(units, options);
  return (scope, x) => {
    const { paddingIndex } = options;
    if (paddingIndex !== undefined && !isIndex(paddingIndex, vocabulary))
      throw new Error(
        `embedding: paddingIndex is one of the ${vocabulary} rows, got ${paddingIndex}; use 0 to ${vocabulary - 1}`,
      );
    const { w, path, preactivation } = weighted(scope, "embedding", options, {
      units,
      shape: [vocabulary, units],
      g: [1, units],
    });
    const ids = within(x, { least: 0, most: vocabulary - 1, what: path });
    const indices = reshape(ids, [sizeOf(x.shape)]);
    // Before the statistics, so that they do not see the row either, and after, where a bias may have been added.
    const padded = (rows: Node): Node =>
      paddingIndex === undefined ? rows : mul(rows, isOther(indices, paddingIndex));
    const rows = padded(preactivation(padded(gather(w, indices))));
    return reshape(rows, [...x.shape, units]);
  };
};
const isIndex = (i: number, size: number): boolean => Number.isInteger(i) && i >= 0 && i < size;

/** [n, 1]: 0 where an index is `padding`, else 1. */
const isOther = (indices: Node, padding: number): Node =>
  expandDims(sub(1, cast(equal(indices, padding), "float")), 1);
