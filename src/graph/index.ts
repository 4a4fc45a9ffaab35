export * from "./op.ts";
export { broadcastShapes, sizeOf } from "./infer.ts";
export {
  input,
  node,
  parameter,
  parametersOf,
  topological,
  type ParameterOptions,
} from "./node.ts";
export * from "./ops.ts";
export { print } from "./print.ts";
export { isOptimizerState, refuseReserved } from "./reserved.ts";
export { optionsOf, type OptionNames } from "./options.ts";
export { toGive } from "./other-names.ts";
export { needNode } from "./ops/arguments.ts";
export { described, isNode } from "./described.ts";
export { printable } from "./printable.ts";
