export type { Layer, Mode, Norm, Scope, WeightSpec } from "./scope.ts";
export { needLayer, needNorm, wholeUnits } from "./checks.ts";
export { trace, type Trace, type TraceOptions } from "./trace.ts";
export { apply, residual, sequential, type ResidualOptions } from "./compose.ts";
export { arms, armsOf, type Arm } from "./arms.ts";
export { combine, type Parameterization, type Statistics, type Weight } from "./norm.ts";
export {
  normalize,
  plainWeight,
  unitShapes,
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
export {
  conv1d,
  conv2d,
  convTranspose2d,
  dense,
  depthwiseConv2d,
  dropout,
  embedding,
  gaussianNoise,
} from "./layers.ts";
export type { Conv1dLayerOptions, Conv2dLayerOptions, LayerOptions } from "./layers.ts";
export { gru, lstm, unroll, type Cell, type CellOptions, type LstmState } from "./recurrent.ts";
export {
  binaryCrossEntropy,
  gaussianKl,
  huber,
  meanSquaredError,
  softmaxCrossEntropy,
  type HuberOptions,
} from "./loss.ts";
export {
  armAdvice,
  fold,
  startScales,
  unfold,
  unitNorms,
  type Tensors,
  type Values,
} from "./fold.ts";
export { fittedScale, partedWeights, unitScale, type Parted } from "./parts.ts";
export { fromTorch, toTorch, type TorchScheme } from "./torch.ts";
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
