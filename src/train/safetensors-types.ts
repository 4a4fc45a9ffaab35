/** The types of safetensors: how many bits a value takes, and what becomes of it here. */
import type { Dtype } from "../graph/index.ts";
import { bfloat, half } from "../graph/floats.ts";
import type { TensorData } from "../runtime/program.ts";

export interface Held {
  readonly dtype: Dtype;
  readonly data: TensorData;
}
export interface Code {
  readonly name: string;
  /** Bits a value. */
  readonly bits: number;
  /** The values in `buffer`, or in words why they cannot be held; undefined where none can. Throws where there are values that no file has. */
  readonly read?: (buffer: ArrayBuffer, where: string) => Held | string;
}

const float = (data: TensorData): Held => ({ dtype: "float", data });
const int32 = (data: ArrayLike<number>): Held => ({ dtype: "int32", data: Int32Array.from(data) });
const bytes = (b: ArrayBuffer, value: (bits: number) => number): Held =>
  float(Float32Array.from(new Uint8Array(b), value));

/** Those of version 0.6 of the format. Complex numbers, and values that share a byte, have no type here. */
const codes: readonly Code[] = [
  { name: "F64", bits: 64, read: (b) => float(new Float64Array(b)) },
  { name: "F32", bits: 32, read: (b) => float(new Float32Array(b)) },
  { name: "F16", bits: 16, read: (b) => float(Float32Array.from(new Uint16Array(b), half)) },
  { name: "BF16", bits: 16, read: (b) => float(bfloat(new Uint16Array(b))) },
  { name: "F8_E5M2", bits: 8, read: (b) => bytes(b, (x) => half(x << 8)) },
  { name: "F8_E4M3", bits: 8, read: (b) => bytes(b, e4m3) },
  { name: "F8_E8M0", bits: 8, read: (b) => bytes(b, (x) => (x === 255 ? NaN : 2 ** (x - 127))) },
  { name: "I64", bits: 64, read: (b) => narrow(new BigInt64Array(b)) },
  { name: "U64", bits: 64, read: (b) => narrow(new BigUint64Array(b)) },
  { name: "I32", bits: 32, read: (b) => ({ dtype: "int32", data: new Int32Array(b) }) },
  { name: "U32", bits: 32, read: (b) => ({ dtype: "uint32", data: new Uint32Array(b) }) },
  { name: "I16", bits: 16, read: (b) => int32(new Int16Array(b)) },
  { name: "U16", bits: 16, read: (b) => int32(new Uint16Array(b)) },
  { name: "I8", bits: 8, read: (b) => int32(new Int8Array(b)) },
  { name: "U8", bits: 8, read: (b) => int32(new Uint8Array(b)) },
  { name: "BOOL", bits: 8, read: (b, where) => bools(new Uint8Array(b), where) },
  { name: "C64", bits: 64 },
  { name: "F4", bits: 4 },
  { name: "F6_E2M3", bits: 6 },
  { name: "F6_E3M2", bits: 6 },
  { name: "F8_E4M3FNUZ", bits: 8 },
  { name: "F8_E5M2FNUZ", bits: 8 },
];
export const codeByName: ReadonlyMap<string, Code> = new Map(
  codes.map((code) => [code.name, code]),
);

/** The types in which tensors are written. */
export const writtenAs: { readonly [D in Dtype]: (data: TensorData) => string | undefined } = {
  float: (data) =>
    data instanceof Float32Array ? "F32" : data instanceof Float64Array ? "F64" : undefined,
  int32: (data) => (data instanceof Int32Array ? "I32" : undefined),
  uint32: (data) => (data instanceof Uint32Array ? "U32" : undefined),
  bool: (data) => (data instanceof Uint8Array ? "BOOL" : undefined),
};

/** 1 sign, 4 exponent and 3 fraction bits; no infinities, and NaN alone where all of the last seven are set (Micikevicius et al. 2022). */
function e4m3(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 15;
  const fraction = bits & 7;
  if ((bits & 0x7f) === 0x7f) return NaN;
  return sign * (exponent ? (1 + fraction / 8) * 2 ** (exponent - 7) : fraction * 2 ** -9);
}

function narrow(values: BigInt64Array | BigUint64Array): Held | string {
  for (const x of values) if (x !== BigInt.asIntN(32, x)) return `int32 does not hold its ${x}`;
  return { dtype: "int32", data: Int32Array.from(values, Number) };
}

function bools(data: Uint8Array, where: string): Held {
  const wrong = data.find((x) => x > 1);
  if (wrong !== undefined)
    throw new Error(`${where} of BOOL holds 0 or 1, got ${wrong}; save it again`);
  return { dtype: "bool", data };
}
