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
export { imageSet } from "./mnist.ts";
export { parseCifar10 } from "./cifar10.ts";
export { imageSize, type ImageSet } from "./images.ts";
export { hash, keyOf, type Key } from "../graph/hash.ts";
