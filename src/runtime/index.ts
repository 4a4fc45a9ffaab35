export { initialState, item, keyTensor, tensor } from "./program.ts";
export type {
  Place,
  Program,
  ProgramSpec,
  Runtime,
  Session,
  State,
  Tensor,
  TensorData,
} from "./program.ts";
export { read } from "./read.ts";
export { evaluate, reference, type EvaluateOptions } from "./reference.ts";
export { gradcheck, type GradcheckOptions, type GradcheckResult } from "./gradcheck.ts";
