export {
  deviceTarget,
  elementType,
  PASSES,
  plainTarget,
  type Emitter,
  type NodeDraft,
  type Pass,
  type Target,
  type TensorDraft,
} from "./emit.ts";
export { freeze, valueFor, type ParameterValues } from "./freeze.ts";
export { encodeGraph, type Graph, type Port, type Signature } from "./graph.ts";
export {
  countUses,
  inputName,
  parameterName,
  toGraph,
  toModel,
  type Fused,
  type Model,
  type ModelOptions,
} from "./model.ts";
export { renamed } from "./renamed.ts";
export { rewrite, substitute } from "./rewrite.ts";
export { keyOf, simplify } from "./simplify.ts";
export {
  DataType,
  decodeModel,
  decodeTensor,
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type TensorShapeProto,
  type ValueInfoProto,
} from "./proto.ts";
