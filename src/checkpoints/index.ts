export { compareWeights, type WeightDifference } from "./compare.ts";
export {
  byteLength,
  bytesOf,
  entryOf,
  weightsUnder,
  type Entry,
  type LeftOut,
  type Weights,
} from "./entry.ts";
export { WRITTEN, type Written } from "./floats.ts";
export { openWeights, type Beside } from "./open.ts";
export {
  rewriteWeights,
  SCHEMES,
  type Change,
  type RewriteOptions,
  type Rewritten,
  type Scheme,
} from "./schemes.ts";
export { tensorsOf } from "./tensors.ts";
export { memorySink, memorySource, type Sink, type Source } from "./source.ts";
export { ENDINGS, formatOf, writeWeights } from "./write.ts";
