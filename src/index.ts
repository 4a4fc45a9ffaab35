/**
 * weightnorm: weight normalization, and the small training compiler that it runs on. A table of contents, in reading order.
 * Ops share names with layers (conv2d is both), so they are in a namespace: `ops.conv2d(x, w)`.
 */

// Say it: a typed language of tensors.
export * as ops from "./graph/ops.ts";
export { input, parameter, parametersOf, print, sizeOf, topological } from "./graph/index.ts";
export type { Dtype, Init, Input, Node, OpName, Parameter, Shape, Update } from "./graph/index.ts";
export type { NodeOf, ParameterOptions } from "./graph/index.ts";

// Differentiate it.
export { grad } from "./autodiff/index.ts";
export { gradcheck, type GradcheckOptions, type GradcheckResult } from "./runtime/index.ts";

// Translate it, run it.
export { exportModel, exportParts, largestDifference } from "./export/index.ts";
export type {
  Difference,
  DifferenceOptions,
  ExportOptions,
  ExportPartsOptions,
  ExportOutputs,
  ModelParts,
} from "./export/index.ts";
export { freeze, toModel } from "./onnx/index.ts";
export type { Model as OnnxModel, ParameterValues, Port } from "./onnx/index.ts";
export type { ModelOptions as OnnxModelOptions, Target } from "./onnx/index.ts";
export {
  evaluate,
  initialState,
  item,
  keyTensor,
  read,
  reference,
  tensor,
} from "./runtime/index.ts";
export type {
  EvaluateOptions,
  Place,
  Program,
  ProgramSpec,
  Runtime,
  Session,
  State,
  Tensor,
  TensorData,
} from "./runtime/index.ts";

// Models: layers, normalizations, losses.
export * from "./nn/index.ts";

// Models of others: an ONNX file as a network.
export * from "./import/index.ts";

// Updates: optimizers, clipping, schedules, averages.
export * from "./optim/index.ts";

// Training steps and checkpoints.
export * from "./train/index.ts";

// Checkpoints of others: PyTorch's, NumPy's, ONNX's.
export {
  compareWeights,
  memorySink,
  memorySource,
  openWeights,
  rewriteWeights,
  tensorsOf,
  weightsUnder,
  writeWeights,
} from "./checkpoints/index.ts";
export type {
  Beside,
  Change,
  WeightDifference,
  Entry,
  LeftOut,
  RewriteOptions,
  Rewritten,
  Scheme,
  Sink,
  Source,
  Weights,
} from "./checkpoints/index.ts";

// Data as plain arrays.
export * from "./data/index.ts";
