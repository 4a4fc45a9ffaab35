export {
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
export {
  countUses,
  encodeGraph,
  renamed,
  toGraph,
  inputName,
  parameterName,
  toModel,
  type Fused,
  type Graph,
  type Model,
  type ModelOptions,
  type Port,
  type Signature,
} from "./model.ts";
export { rewrite } from "./rewrite.ts";
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
