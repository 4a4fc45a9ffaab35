export {
  batch,
  gatherLabels,
  gatherRows,
  permutation,
  pixelStatistics,
  type Batch,
  type PixelStatistics,
} from "./batches.ts";
export { parseIdx, type Idx } from "./idx.ts";
export { imageSet, type ImageSet } from "./mnist.ts";
export { keyOf, type Key } from "../graph/hash.ts";
