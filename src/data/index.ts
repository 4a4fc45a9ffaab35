export {
  batch,
  gatherLabels,
  gatherRows,
  permutation,
  pixelStatistics,
  type Affine,
  type Batch,
  type PixelStatistics,
} from "./batches.ts";
export type { Door, Download, Files } from "./door.ts";
export { gunzip, type GunzipOptions } from "./gzip.ts";
export { idxLength, parseIdx, type Idx } from "./idx.ts";
export { imageSet, mnistFiles, readMnist, type Mnist } from "./mnist.ts";
export { CIFAR10, cifar10Files, parseCifar10, readCifar10, type Cifar10 } from "./cifar10.ts";
export { imageSize, type ImageSet } from "./images.ts";
export { hash, keyOf, type Key } from "../graph/hash.ts";
