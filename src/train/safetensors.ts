/**
 * The safetensors format (https://github.com/huggingface/safetensors#format): the length of the header as uint64, a JSON
 * header that gives every tensor its dtype, shape and range of bytes, then those bytes without a gap, little-endian (as
 * are the typed arrays of every platform that ONNX Runtime has).
 */
import { brief, isRecord, parseRecord } from "./json.ts";
import { sizeOf, type Dtype, type Shape } from "../graph/index.ts";
import type { Tensor, TensorData } from "../runtime/program.ts";

/** What a .safetensors file holds. */
export interface Safetensors {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Record<string, string>;
}

/** The same tensors and metadata, in whatever order, give the same bytes. */
export function encode(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  // Wide types first, as the reference implementation writes them: PyTorch refuses a tensor that is not aligned.
  const entries = [...tensors]
    .map(([name, x]) => ({ name, x, code: codeOf(name, x) }))
    .sort((a, b) => b.code.size - a.code.size || byCodeUnits(a.name, b.name));
  // Put together as text, because an object would move names such as "0" to the front.
  const fields: string[] = [];
  const texts = Object.entries(metadata).sort(([a], [b]) => byCodeUnits(a, b));
  const field = (name: string, value: string): string => `${JSON.stringify(name)}:${value}`;
  if (texts.length > 0)
    fields.push(
      field("__metadata__", `{${texts.map(([k, v]) => field(k, JSON.stringify(v))).join(",")}}`),
    );
  let end = 0;
  for (const { name, x, code } of entries) {
    const begin = end;
    end += x.data.byteLength;
    fields.push(
      field(name, JSON.stringify({ dtype: code.name, shape: x.shape, data_offsets: [begin, end] })),
    );
  }
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const start = 8 + Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(header, 8);
  let at = start;
  for (const { x } of entries) {
    bytes.set(new Uint8Array(x.data.buffer, x.data.byteOffset, x.data.byteLength), at);
    at += x.data.byteLength;
  }
  return bytes;
}

/** Tensors (in the order of the file) and metadata; `where` names the file in messages. F16 and BF16 become float32, I64 int32. */
export function decode(bytes: Uint8Array, where: string): Safetensors {
  const { header, data } = parts(bytes, where);
  const metadata = metadataOf("__metadata__" in header ? header["__metadata__"] : {}, where);
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => checkEntry(entry, name, where))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);

  const length = entries.reduce((most, { end }) => Math.max(most, end), 0);
  if (data.length < length)
    throw new Error(
      `${where}: truncated, expected ${length} bytes of tensors, got ${data.length}; copy or save it again`,
    );
  if (data.length > length)
    throw new Error(
      `${where}: expected ${length} bytes of tensors, got ${data.length - length} more after them; copy or save it again`,
    );
  const tensors = new Map<string, Tensor>();
  let end = 0;
  for (const { name, code, shape, ...range } of entries) {
    if (range.begin !== end)
      throw new Error(
        `${where}: ${range.begin > end ? "a hole lies before" : "another tensor overlaps"} ${brief(name)}, ` +
          `got its bytes at ${range.begin} and the end of the one before at ${end}; save it again`,
      );
    end = range.end;
    const copy = new Uint8Array(data.subarray(range.begin, range.end)); // its offset need not be aligned
    tensors.set(name, {
      dtype: code.dtype,
      shape,
      data: code.read(copy.buffer, `${where}: tensor ${brief(name)}`),
    });
  }
  return { tensors, metadata };
}

interface Code {
  readonly name: string;
  /** Bytes a value. */
  readonly size: number;
  readonly dtype: Dtype;
  readonly read: (buffer: ArrayBuffer, where: string) => TensorData;
}

const codes: readonly Code[] = [
  { name: "F64", size: 8, dtype: "float", read: (b) => new Float64Array(b) },
  { name: "F32", size: 4, dtype: "float", read: (b) => new Float32Array(b) },
  {
    name: "F16",
    size: 2,
    dtype: "float",
    read: (b) => Float32Array.from(new Uint16Array(b), half),
  },
  { name: "BF16", size: 2, dtype: "float", read: (b) => bfloat(new Uint16Array(b)) },
  { name: "I64", size: 8, dtype: "int32", read: (b, where) => narrow(new BigInt64Array(b), where) },
  { name: "I32", size: 4, dtype: "int32", read: (b) => new Int32Array(b) },
  { name: "U32", size: 4, dtype: "uint32", read: (b) => new Uint32Array(b) },
  { name: "BOOL", size: 1, dtype: "bool", read: (b, where) => bools(new Uint8Array(b), where) },
];

const codeByName: ReadonlyMap<unknown, Code> = new Map(codes.map((code) => [code.name, code]));

/** Not `localeCompare`: the bytes of a file must not depend on the machine's language. */
const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const writtenAs: { readonly [D in Dtype]: (data: TensorData) => string | undefined } = {
  float: (data) =>
    data instanceof Float32Array ? "F32" : data instanceof Float64Array ? "F64" : undefined,
  int32: (data) => (data instanceof Int32Array ? "I32" : undefined),
  uint32: (data) => (data instanceof Uint32Array ? "U32" : undefined),
  bool: (data) => (data instanceof Uint8Array ? "BOOL" : undefined),
};

function codeOf(name: string, { dtype, shape, data }: Tensor): Code {
  if (name === "__metadata__")
    throw new Error(
      `safetensors: "__metadata__" is the format's own name, got a tensor of that name; rename it`,
    );
  const code = codeByName.get(writtenAs[dtype](data));
  if (!code)
    throw new Error(
      `safetensors: "${name}" is ${dtype}, got its data as ${data.constructor.name}; make it with \`tensor\``,
    );
  if (data.length !== sizeOf(shape))
    throw new Error(
      `safetensors: "${name}" has shape [${shape}], got ${data.length} values; make it with \`tensor\``,
    );
  return code;
}

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;

/** The limit of the reference implementation, so that a file cannot ask for all memory. */
const LONGEST_HEADER = 100_000_000;

function parts(
  bytes: Uint8Array,
  where: string,
): { readonly header: Readonly<Record<string, unknown>>; readonly data: Uint8Array } {
  const no = (got: string): Error =>
    new Error(`${where}: not a safetensors file, got ${got}; ${remedy(bytes)}`);
  if (bytes.length < 8) throw no(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > LONGEST_HEADER) throw no(`a header of ${length} bytes`);
  if (bytes.length > 8 && bytes[8] !== 0x7b) throw no("a header that does not begin with {");
  if (bytes.length < 8 + length)
    throw new Error(
      `${where}: truncated, expected a header of ${length} bytes, got ${bytes.length - 8}; copy or save it again`,
    );
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
  } catch {
    throw no("a header that is no text");
  }
  const header = parseRecord(text, `${where}: its header`, "save it again");
  return { header, data: bytes.subarray(8 + length) };
}

/** What people most often take for a safetensors file. */
function remedy(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 8));
  if (start.startsWith("\x1f\x8b")) return "gunzip it";
  if (start.startsWith("PK")) return "if it is PyTorch's .pt, convert it with safetensors.torch";
  if (start === "version ") return "if it is a Git LFS pointer, run `git lfs pull`";
  return "check the path";
}

function metadataOf(metadata: unknown, where: string): Record<string, string> {
  const entries = isRecord(metadata) ? Object.entries(metadata) : undefined;
  if (!entries?.every((entry): entry is [string, string] => typeof entry[1] === "string"))
    throw new Error(
      `${where}: metadata must be an object of strings, got ${brief(metadata)}; save it again`,
    );
  return Object.fromEntries(entries);
}

interface Entry {
  readonly name: string;
  readonly code: Code;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

function checkEntry(entry: unknown, name: string, where: string): Entry {
  const fail = (what: string): never => {
    throw new Error(`${where}: tensor ${brief(name)} ${what}`);
  };
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
  if (typeof dtype !== "string") return fail(`needs a dtype, got ${brief(entry)}; save it again`);
  const code = codeByName.get(dtype);
  if (!code)
    return fail(
      `has an unknown dtype, got ${brief(dtype)}; convert it to one of ${codes.map((c) => c.name).join(" ")}`,
    );
  if (!Array.isArray(shape) || !shape.every(isCount))
    return fail(`needs a shape of whole numbers, got ${brief(shape)}; save it again`);
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!isCount(begin) || !isCount(end) || begin > end)
    return fail(`needs data_offsets [begin, end], got ${brief(offsets)}; save it again`);
  const size = shape.includes(0) ? 0 : sizeOf(shape) * code.size; // which may overflow before it comes to the 0
  if (size !== end - begin)
    return fail(
      `of ${dtype} ${brief(shape)} takes ${size} bytes, got ${end - begin}; save it again`,
    );
  return { name, code, shape, begin, end };
}

/** IEEE 754 half precision: 1 sign, 5 exponent and 10 fraction bits. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

/** The upper half of a float32. */
const bfloat = (bits: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(bits, (x) => x << 16).buffer);

function narrow(values: BigInt64Array, where: string): Int32Array {
  const wide = values.find((x) => x !== BigInt.asIntN(32, x));
  if (wide !== undefined)
    throw new Error(`${where} is read as int32, got ${wide}; convert it to float`);
  return Int32Array.from(values, Number);
}

function bools(values: Uint8Array, where: string): Uint8Array {
  const wrong = values.find((x) => x > 1);
  if (wrong !== undefined)
    throw new Error(`${where} of BOOL holds 0 or 1, got ${wrong}; save it again`);
  return values;
}
