/** The types of tensors, and what each format calls them. */
import { codeByName } from "../train/safetensors-types.ts";

/** A type by the name of safetensors, and by those of others that have it. */
interface Names {
  readonly dtype: string;
  /** PyTorch's class of a storage, and what `torch` calls the type. */
  readonly storage?: string;
  readonly torch?: string;
  /** NumPy's `descr` without the order of bytes. */
  readonly numpy?: string;
  /** The number in ONNX's `DataType`. */
  readonly onnx?: number;
}

const names: readonly Names[] = [
  { dtype: "F64", storage: "DoubleStorage", torch: "float64", numpy: "f8", onnx: 11 },
  { dtype: "F32", storage: "FloatStorage", torch: "float32", numpy: "f4", onnx: 1 },
  { dtype: "F16", storage: "HalfStorage", torch: "float16", numpy: "f2", onnx: 10 },
  { dtype: "BF16", storage: "BFloat16Storage", torch: "bfloat16", onnx: 16 },
  { dtype: "I64", storage: "LongStorage", torch: "int64", numpy: "i8", onnx: 7 },
  { dtype: "I32", storage: "IntStorage", torch: "int32", numpy: "i4", onnx: 6 },
  { dtype: "I16", storage: "ShortStorage", torch: "int16", numpy: "i2", onnx: 5 },
  { dtype: "I8", storage: "CharStorage", torch: "int8", numpy: "i1", onnx: 3 },
  { dtype: "U8", storage: "ByteStorage", torch: "uint8", numpy: "u1", onnx: 2 },
  { dtype: "BOOL", storage: "BoolStorage", torch: "bool", numpy: "b1", onnx: 9 },
  { dtype: "C64", storage: "ComplexFloatStorage", torch: "complex64", numpy: "c8", onnx: 14 },
  { dtype: "C128", storage: "ComplexDoubleStorage", torch: "complex128", numpy: "c16", onnx: 15 },
  { dtype: "U16", torch: "uint16", numpy: "u2", onnx: 4 },
  { dtype: "U32", torch: "uint32", numpy: "u4", onnx: 12 },
  { dtype: "U64", torch: "uint64", numpy: "u8", onnx: 13 },
  { dtype: "F8_E4M3", torch: "float8_e4m3fn", onnx: 17 },
  { dtype: "F8_E4M3FNUZ", torch: "float8_e4m3fnuz", onnx: 18 },
  { dtype: "F8_E5M2", torch: "float8_e5m2", onnx: 19 },
  { dtype: "F8_E5M2FNUZ", torch: "float8_e5m2fnuz", onnx: 20 },
  { dtype: "F8_E8M0", torch: "float8_e8m0fnu", onnx: 24 },
];

/** Our name of a type by another format's: `dtypeBy("storage").get("HalfStorage")`. */
export const dtypeBy = <K extends Exclude<keyof Names, "dtype">>(
  key: K,
): ReadonlyMap<NonNullable<Names[K]>, string> =>
  new Map(
    names.flatMap((entry) => {
      const name = entry[key];
      return name === undefined ? [] : [[name, entry.dtype] as const];
    }),
  );

const rows = new Map(names.map((entry) => [entry.dtype, entry]));
/** What another format calls a type; undefined where it has none such. */
export const nameIn = <K extends Exclude<keyof Names, "dtype">>(
  key: K,
  dtype: string,
): Names[K] | undefined => rows.get(dtype)?.[key];

/** Bits of a value; undefined for a type that is not known. */
export const bitsOf = (dtype: string): number | undefined =>
  dtype === "C128" ? 128 : codeByName.get(dtype)?.bits;

/** Types whose values are read as floats, and those of them that are written. */
export const isFloat = (dtype: string): boolean =>
  /^B?F\d+/.test(dtype) && codeByName.get(dtype)?.read !== undefined;
