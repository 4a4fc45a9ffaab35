export { PASSES, plainTarget, type Pass, type Target } from "./emit.ts";
export { exportModel, freeze, type ExportOptions, type ParameterValues } from "./freeze.ts";
export {
  inputName,
  parameterName,
  toModel,
  type Model,
  type ModelOptions,
  type Port,
} from "./model.ts";
export { simplify } from "./simplify.ts";
export {
  DataType,
  decodeModel,
  decodeTensor,
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./proto.ts";
