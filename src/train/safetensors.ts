/**
 * The safetensors format (https://github.com/huggingface/safetensors#format): the length of the header as uint64, a JSON
 * header that gives every tensor its dtype, shape and range of bytes, then those bytes without a gap, little-endian (as
 * are the typed arrays of every platform that ONNX Runtime has).
 */
import { brief, isRecord, parseRecord, word } from "./json.ts";
import { sizeOf, type Shape } from "../graph/index.ts";
import type { Tensor } from "../runtime/program.ts";
import { codeByName, writtenAs, type Code } from "./safetensors-types.ts";

/** What a .safetensors file holds. */
export interface Safetensors {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Record<string, string>;
  /** What is in the file and cannot be held here, in the order of the file. */
  readonly skipped: readonly Skipped[];
}
/** A tensor of another type than ours, or with integers that are too large. */
export interface Skipped {
  readonly name: string;
  /** As the file says it. */
  readonly dtype: string;
  readonly shape: Shape;
  readonly why: string;
}

/** The same tensors and metadata, in whatever order, give the same bytes. */
export function encode(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  // Wide types first, as the reference implementation writes them: PyTorch refuses a tensor that is not aligned.
  const entries = [...tensors]
    .map(([name, x]) => ({ name, x, code: codeOf(name, x) }))
    .sort((a, b) => b.code.bits - a.code.bits || byCodeUnits(a.name, b.name));
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

/**
 * Tensors (in the order of the file) and metadata; `where` names the file in messages. Narrower floats become float32, other
 * integers int32. A tensor that cannot be held is no error, but one among `skipped`; to ask for one by name use `tensorOf`.
 */
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
  const skipped: Skipped[] = [];
  let end = 0;
  for (const { name, dtype, shape, ...range } of entries) {
    if (range.begin !== end)
      throw new Error(
        `${where}: ${range.begin > end ? "a hole lies before" : "another tensor overlaps"} ${brief(name)}, ` +
          `got its bytes at ${range.begin} and the end of the one before at ${end}; save it again`,
      );
    end = range.end;
    const copy = new Uint8Array(data.subarray(range.begin, range.end)); // its offset need not be aligned
    const read = codeByName.get(dtype)?.read;
    const held = read
      ? read(copy.buffer, `${where}: tensor ${brief(name)}`)
      : "there is no such type here";
    if (typeof held === "string") skipped.push({ name, dtype, shape, why: held });
    else tensors.set(name, { dtype: held.dtype, shape, data: held.data });
  }
  return { tensors, metadata, skipped };
}

/** The tensor of that name; an error that says why there is none. */
export function tensorOf({ tensors, skipped }: Safetensors, name: string, where: string): Tensor {
  const x = tensors.get(name);
  if (x) return x;
  const left = skipped.find((s) => s.name === name);
  throw new Error(
    left
      ? `${where}: tensor ${brief(name)} was not read, got ${word(left.dtype)} ${brief(left.shape)}, and ${left.why}; convert it to float`
      : `${where}: there is no tensor ${brief(name)}, got ${[...tensors.keys()].slice(0, 5).map(brief).join(", ") || "none"}${tensors.size > 5 ? ` and ${tensors.size - 5} more` : ""}; check the name`,
  );
}

/** Not `localeCompare`: the bytes of a file must not depend on the machine's language. */
const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function codeOf(name: string, { dtype, shape, data }: Tensor): Code {
  if (name === "__metadata__")
    throw new Error(
      `safetensors: "__metadata__" is the format's own name, got a tensor of that name; rename it`,
    );
  const code = codeByName.get(writtenAs[dtype](data) ?? "");
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
  readonly dtype: string;
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
  if (!Array.isArray(shape) || !shape.every(isCount))
    return fail(`needs a shape of whole numbers, got ${brief(shape)}; save it again`);
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!isCount(begin) || !isCount(end) || begin > end)
    return fail(`needs data_offsets [begin, end], got ${brief(offsets)}; save it again`);
  const bits = codeByName.get(dtype)?.bits;
  const values = shape.includes(0) ? 0 : sizeOf(shape); // which may overflow before it comes to the 0
  const size = bits === undefined ? end - begin : (values * bits) / 8; // of a type to come nobody knows it
  if (size !== end - begin)
    return fail(
      `of ${dtype} ${brief(shape)} takes ${size} bytes, got ${end - begin}; save it again`,
    );
  return { name, dtype, shape, begin, end };
}
