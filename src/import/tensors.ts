/** Tensors of ONNX files as numbers: every element type that has some, wherever the file keeps the bytes. */
import { sizeOf, type Dtype, type Shape } from "../graph/index.ts";
import { bfloat, half } from "../graph/floats.ts";
import { DataType, type TensorProto } from "../onnx/index.ts";

/** A tensor of a file. */
export interface Decoded {
  /** One of `DataType`. */
  readonly type: number;
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** The bytes of a file that a model keeps weights in, by its name beside the model. */
export type External = (location: string) => Uint8Array;

interface ElementType {
  readonly name: string;
  readonly bytes: number;
  /** What stands for it in a graph. */
  readonly dtype: Dtype;
  /** Of bytes that begin at a multiple of eight. */
  readonly read: (buffer: ArrayBuffer, at: number, count: number) => ArrayLike<number>;
  /** The field of `TensorProto` that holds its values where they are no raw bytes. */
  readonly field: "floatData" | "doubleData" | "int32Data" | "int64Data" | "uint64Data";
  /** From what such a field holds. */
  readonly from?: (values: readonly number[]) => ArrayLike<number>;
}

/** "No end" of a slice in int64 stays one in int32. */
const LARGEST = 2 ** 31 - 1;
const clamped = (x: number): number => Math.max(-LARGEST - 1, Math.min(LARGEST, x));
const wide = (values: BigInt64Array | BigUint64Array): Int32Array =>
  Int32Array.from(values, (x) => clamped(Number(x)));
const narrow = (values: readonly number[]): Int32Array => Int32Array.from(values, clamped);

const int32 = (array: {
  new (buffer: ArrayBuffer, at: number, count: number): ArrayLike<number>;
}): Pick<ElementType, "dtype" | "read" | "field" | "from"> => ({
  dtype: "int32",
  read: (b, at, n) => Int32Array.from(new array(b, at, n), clamped),
  field: "int32Data",
  from: narrow,
});

/** By their numbers in onnx.proto. Strings and complex numbers have none here. */
const elementTypes: ReadonlyMap<number, ElementType> = new Map(
  Object.entries({
    FLOAT: {
      bytes: 4,
      dtype: "float",
      read: (b, at, n) => new Float32Array(b, at, n),
      field: "floatData",
      from: (values) => Float32Array.from(values),
    },
    DOUBLE: {
      bytes: 8,
      dtype: "float",
      read: (b, at, n) => new Float64Array(b, at, n),
      field: "doubleData",
    },
    FLOAT16: {
      bytes: 2,
      dtype: "float",
      read: (b, at, n) => Float32Array.from(new Uint16Array(b, at, n), half),
      field: "int32Data",
      from: (values) => Float32Array.from(values, half),
    },
    BFLOAT16: {
      bytes: 2,
      dtype: "float",
      read: (b, at, n) => bfloat(new Uint16Array(b, at, n)),
      field: "int32Data",
      from: (values) => bfloat(Uint16Array.from(values)),
    },
    INT8: { bytes: 1, ...int32(Int8Array) },
    UINT8: { bytes: 1, ...int32(Uint8Array) },
    INT16: { bytes: 2, ...int32(Int16Array) },
    UINT16: { bytes: 2, ...int32(Uint16Array) },
    INT32: { bytes: 4, ...int32(Int32Array) },
    UINT32: { bytes: 4, ...int32(Uint32Array), field: "uint64Data" },
    INT64: {
      bytes: 8,
      dtype: "int32",
      read: (b, at, n) => wide(new BigInt64Array(b, at, n)),
      field: "int64Data",
      from: narrow,
    },
    UINT64: {
      bytes: 8,
      dtype: "int32",
      read: (b, at, n) => wide(new BigUint64Array(b, at, n)),
      field: "uint64Data",
      from: narrow,
    },
    BOOL: {
      bytes: 1,
      dtype: "bool",
      read: (b, at, n) => Uint8Array.from(new Uint8Array(b, at, n), (x) => Number(x !== 0)),
      field: "int32Data",
      from: (values) => Uint8Array.from(values, (x) => Number(x !== 0)),
    },
  } satisfies Partial<Record<keyof typeof DataType, Omit<ElementType, "name">>>).map(
    ([name, type]) => [DataType[name as keyof typeof DataType], { ...(type as ElementType), name }],
  ),
);

/** What an element type is called: "FLOAT". */
export const typeName = (type: number): string =>
  Object.entries(DataType).find(([, no]) => no === type)?.[0] ?? `type ${type}`;

/** The dtype of the nodes that stand for an element type; undefined where none can. */
export const dtypeOf = (type: number): Dtype | undefined => elementTypes.get(type)?.dtype;

/** Elements of one tensor: more than any weight has, and few enough to count with. */
const MOST = 2 ** 31 - 1;

export function shapeOf({ dims, name = "" }: TensorProto, where: string): Shape {
  const fits = dims.every((d) => Number.isSafeInteger(d) && d >= 0);
  if (!fits || dims.length > 64 || sizeOf(dims) > MOST)
    throw new Error(
      `${where}: tensor "${name}" has no size that a tensor can have, got [${dims.slice(0, 8)}]; export the model again`,
    );
  return dims;
}

/** The values of `tensor`: of whole float32 a view of the file's bytes where these are aligned, else a copy. */
export function decodeTensor(tensor: TensorProto, where: string, external?: External): Decoded {
  const { dataType: type = 0, name = "" } = tensor;
  const known = elementTypes.get(type);
  if (!known)
    throw new Error(
      `${where}: tensor "${name}" is of ${typeName(type)}, got a type that has no numbers here; cut the model before it with outputs`,
    );
  const shape = shapeOf(tensor, where);
  const count = sizeOf(shape);
  const wrong = (got: string): Error =>
    new Error(
      `${where}: tensor "${name}" of ${known.name} [${shape}] needs ${count} values, got ${got}; check that the file is whole`,
    );
  const raw = rawOf(tensor, where, external);
  if (raw) {
    if (raw.length !== count * known.bytes) throw wrong(`${raw.length} bytes`);
    const aligned = raw.byteOffset % known.bytes === 0 ? raw : new Uint8Array(raw); // `slice` of a Buffer is no copy
    return {
      type,
      shape,
      data: known.read(aligned.buffer as ArrayBuffer, aligned.byteOffset, count),
    };
  }
  const values = tensor[known.field];
  if (values.length !== count) throw wrong(`${values.length}`);
  return { type, shape, data: known.from?.(values) ?? values };
}

function rawOf(tensor: TensorProto, where: string, external?: External): Uint8Array | undefined {
  if (tensor.dataLocation !== 1) return tensor.rawData;
  const told = new Map(tensor.externalData.map(({ key = "", value = "" }) => [key, value]));
  const location = told.get("location") ?? "";
  if (!external)
    throw new Error(
      `${where}: tensor "${tensor.name ?? ""}" lies in the file "${location}" beside the model, got nobody to read it; pass external: (location) => bytes`,
    );
  const bytes = external(location);
  const offset = Number(told.get("offset") ?? 0);
  const length = Number(told.get("length") ?? bytes.length - offset);
  if (
    !(Number.isSafeInteger(offset) && Number.isSafeInteger(length)) ||
    offset < 0 ||
    length < 0 ||
    offset + length > bytes.length
  )
    throw new Error(
      `${where}: tensor "${tensor.name ?? ""}" lies at ${offset} to ${offset + length} of "${location}", got a file of ${bytes.length} bytes; fetch both files again`,
    );
  return bytes.subarray(offset, offset + length);
}
