export type { Layer, Mode, Norm, PartOfBatch, Scope, WeightSpec } from "./scope.ts";
export { trace, type Trace, type TraceOptions } from "./trace.ts";
export { apply, residual, sequential, shared, type ResidualOptions } from "./compose.ts";
export { arms, armsOf, type Arm } from "./arms.ts";
export { combine, type Parameterization, type Statistics, type Weight } from "./norm.ts";
export {
  normalize,
  plainWeight,
  weightNorm,
  type DrawnOptions,
  type WeightNormOptions,
} from "./weight-norm.ts";
export {
  batchNorm,
  bias,
  meanOnly,
  type BatchNormOptions,
  type RunningOptions,
} from "./statistics.ts";
export { dense, embedding, type EmbeddingOptions } from "./layers/dense.ts";
export {
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  depthwiseConv2d,
  type Conv1dLayerOptions,
  type Conv2dLayerOptions,
  type ConvTranspose1dLayerOptions,
  type ConvTranspose2dLayerOptions,
  type DepthwiseConv2dOptions,
} from "./layers/convolution.ts";
export { dropout, gaussianNoise } from "./layers/noise.ts";
export {
  groupNorm,
  layerNorm,
  type ExampleNormOptions,
  type LayerNormOptions,
} from "./layers/normalization.ts";
export {
  multiHeadAttention,
  sinusoidalPositions,
  type AttentionOptions,
} from "./layers/attention.ts";
export { prelu, type PreluOptions } from "./layers/activation.ts";
export { recurrent, type RecurrentOptions } from "./layers/recurrent.ts";
export type { LayerOptions } from "./layers/weighted.ts";
export {
  gru,
  lstm,
  unroll,
  type Cell,
  type CellOptions,
  type GruOptions,
  type LstmOptions,
  type LstmState,
} from "./recurrent.ts";
export {
  binaryCrossEntropy,
  gaussianKl,
  huber,
  meanAbsoluteError,
  meanSquaredError,
  type BinaryCrossEntropyOptions,
  type HuberOptions,
} from "./loss.ts";
export {
  negativeLogLikelihood,
  softmaxCrossEntropy,
  type CrossEntropyOptions,
} from "./cross-entropy.ts";
export { fold, startScales, unfold, type Tensors, type Values } from "./fold.ts";
export { fromTorch, type FromTorchOptions } from "./torch/from.ts";
export { toTorch, type TorchScheme, type ToTorchOptions } from "./torch/to.ts";
export {
  bernoulliLogProb,
  binarize,
  discretizedLogisticLogProb,
  discretizedLogisticSample,
  gaussianLogProb,
  gaussianSample,
  klDivergence,
  standardGaussian,
  standardNormal,
  type BinOptions,
  type Gaussian,
} from "./distributions.ts";
export type { StatisticsOptions } from "./norm.ts";
export type { UnitOptions } from "./scope.ts";
export { unitNorms, unitShapes } from "./units.ts";
