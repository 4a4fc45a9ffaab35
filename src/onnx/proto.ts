/**
 * ONNX's messages, as far as models are written and read here, with the numbers that onnx.proto gives their fields
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, which says what they mean). Left out are training, functions,
 * sparse and quantized tensors, and types other than tensors.
 */
import { decode, encode, type Draft, type Message } from "./wire.ts";

export interface ModelProto {
  readonly irVersion?: number;
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly domain?: string;
  readonly modelVersion?: number;
  readonly docString?: string;
  readonly graph?: GraphProto;
  readonly opsetImport: readonly OperatorSetIdProto[];
  readonly metadataProps: readonly StringStringEntryProto[];
}
export interface OperatorSetIdProto {
  readonly domain?: string;
  readonly version?: number;
}
export interface StringStringEntryProto {
  readonly key?: string;
  readonly value?: string;
}
export interface GraphProto {
  readonly node: readonly NodeProto[];
  readonly name?: string;
  readonly initializer: readonly TensorProto[];
  readonly docString?: string;
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
  readonly valueInfo: readonly ValueInfoProto[];
}
export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string;
  readonly opType?: string;
  readonly attribute: readonly AttributeProto[];
  readonly docString?: string;
  readonly domain?: string;
}
export interface AttributeProto {
  readonly name?: string;
  readonly f?: number;
  readonly i?: number;
  /** UTF-8. */
  readonly s?: Uint8Array;
  readonly t?: TensorProto;
  readonly g?: GraphProto;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly strings: readonly Uint8Array[];
  readonly tensors: readonly TensorProto[];
  readonly graphs: readonly GraphProto[];
  readonly docString?: string;
  readonly tp?: TypeProto;
  readonly typeProtos: readonly TypeProto[];
  /** One of `AttributeType`. */
  readonly type?: number;
  readonly refAttrName?: string;
}
/** The elements are in `rawData`, little-endian, or in the list of their type. */
export interface TensorProto {
  readonly dims: readonly number[];
  /** One of `DataType`. */
  readonly dataType?: number;
  readonly floatData: readonly number[];
  readonly int32Data: readonly number[];
  readonly stringData: readonly Uint8Array[];
  readonly int64Data: readonly number[];
  readonly name?: string;
  readonly rawData?: Uint8Array;
  readonly doubleData: readonly number[];
  readonly uint64Data: readonly number[];
  readonly docString?: string;
  /** Where the elements are if `dataLocation` is 1: in another file. */
  readonly externalData: readonly StringStringEntryProto[];
  readonly dataLocation?: number;
}
export interface ValueInfoProto {
  readonly name?: string;
  readonly type?: TypeProto;
  readonly docString?: string;
}
export interface TypeProto {
  readonly tensorType?: TensorTypeProto;
  readonly denotation?: string;
}
export interface TensorTypeProto {
  /** One of `DataType`. */
  readonly elemType?: number;
  readonly shape?: TensorShapeProto;
}
export interface TensorShapeProto {
  readonly dim: readonly DimensionProto[];
}
/** A number, a name for one, or nothing known. */
export interface DimensionProto {
  readonly dimValue?: number;
  readonly dimParam?: string;
  readonly denotation?: string;
}

export const DataType = {
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  STRING: 8,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
  UINT32: 12,
  UINT64: 13,
  COMPLEX64: 14,
  COMPLEX128: 15,
  BFLOAT16: 16,
} as const;

export const AttributeType = {
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
  SPARSE_TENSOR: 11,
  SPARSE_TENSORS: 12,
  TYPE_PROTO: 13,
  TYPE_PROTOS: 14,
} as const;

export const encodeModel = (model: Draft<ModelProto>): Uint8Array => encode(modelProto, model);

/** The model that `bytes` hold, its weights being views of them. `where` is what messages call it, a file. */
export const decodeModel = (bytes: Uint8Array, where: string): ModelProto =>
  decoded(modelProto, bytes, { where, what: "model" });
/** The tensor that `bytes` hold, as ONNX keeps values in files of their own. */
export const decodeTensor = (bytes: Uint8Array, where: string): TensorProto =>
  decoded(tensor, bytes, { where, what: "tensor" });

function decoded<M>(
  message: Message<M>,
  bytes: Uint8Array,
  { where, what }: { readonly where: string; readonly what: string },
): M {
  try {
    return decode(message, bytes);
  } catch (cause) {
    throw new Error(
      `${where}: expected an ONNX ${what}, got bytes that are none (${(cause as Error).message}); check that the file is whole`,
      { cause },
    );
  }
}

const entry: Message<StringStringEntryProto> = { key: [1, "string"], value: [2, "string"] };

const shape: Message<TensorShapeProto> = { dim: [1, [() => dimension]] };
const dimension: Message<DimensionProto> = {
  dimValue: [1, "int64"],
  dimParam: [2, "string"],
  denotation: [3, "string"],
};
const tensorType: Message<TensorTypeProto> = { elemType: [1, "int32"], shape: [2, () => shape] };
const type: Message<TypeProto> = { tensorType: [1, () => tensorType], denotation: [6, "string"] };
const valueInfo: Message<ValueInfoProto> = {
  name: [1, "string"],
  type: [2, () => type],
  docString: [3, "string"],
};

const tensor: Message<TensorProto> = {
  dims: [1, ["int64"]],
  dataType: [2, "int32"],
  floatData: [4, ["float"]],
  int32Data: [5, ["int32"]],
  stringData: [6, ["bytes"]],
  int64Data: [7, ["int64"]],
  name: [8, "string"],
  rawData: [9, "bytes"],
  doubleData: [10, ["double"]],
  uint64Data: [11, ["uint64"]],
  docString: [12, "string"],
  externalData: [13, [() => entry]],
  dataLocation: [14, "int32"],
};
const attribute: Message<AttributeProto> = {
  name: [1, "string"],
  f: [2, "float"],
  i: [3, "int64"],
  s: [4, "bytes"],
  t: [5, () => tensor],
  g: [6, () => graph],
  floats: [7, ["float"]],
  ints: [8, ["int64"]],
  strings: [9, ["bytes"]],
  tensors: [10, [() => tensor]],
  graphs: [11, [() => graph]],
  docString: [13, "string"],
  tp: [14, () => type],
  typeProtos: [15, [() => type]],
  type: [20, "int32"],
  refAttrName: [21, "string"],
};
const node: Message<NodeProto> = {
  input: [1, ["string"]],
  output: [2, ["string"]],
  name: [3, "string"],
  opType: [4, "string"],
  attribute: [5, [() => attribute]],
  docString: [6, "string"],
  domain: [7, "string"],
};
const graph: Message<GraphProto> = {
  node: [1, [() => node]],
  name: [2, "string"],
  initializer: [5, [() => tensor]],
  docString: [10, "string"],
  input: [11, [() => valueInfo]],
  output: [12, [() => valueInfo]],
  valueInfo: [13, [() => valueInfo]],
};

const operatorSet: Message<OperatorSetIdProto> = { domain: [1, "string"], version: [2, "int64"] };
const modelProto: Message<ModelProto> = {
  irVersion: [1, "int64"],
  producerName: [2, "string"],
  producerVersion: [3, "string"],
  domain: [4, "string"],
  modelVersion: [5, "int64"],
  docString: [6, "string"],
  graph: [7, () => graph],
  opsetImport: [8, [() => operatorSet]],
  metadataProps: [14, [() => entry]],
};

/** All of them by the names that they have in ONNX. */
export const messages: Readonly<Record<string, object>> = {
  ModelProto: modelProto,
  OperatorSetIdProto: operatorSet,
  StringStringEntryProto: entry,
  GraphProto: graph,
  NodeProto: node,
  AttributeProto: attribute,
  TensorProto: tensor,
  ValueInfoProto: valueInfo,
  TypeProto: type,
  "TypeProto.Tensor": tensorType,
  TensorShapeProto: shape,
  "TensorShapeProto.Dimension": dimension,
};
