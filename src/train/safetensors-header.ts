/** The header of a safetensors file: what it says of every tensor, and where its bytes are. */
import { sizeOf, type Shape } from "../graph/index.ts";
import { brief, isRecord, parseRecord } from "./json.ts";
import { codeByName } from "./safetensors-types.ts";

/** A tensor of a file, and the range of its bytes there. */
export interface HeaderEntry {
  readonly name: string;
  /** As the file says it. */
  readonly dtype: string;
  readonly shape: Shape;
  /** From the start of the file. */
  readonly begin: number;
  readonly end: number;
}

/** A tensor to be written: so many bytes of a dtype. */
export interface Planned {
  readonly name: string;
  readonly dtype: string;
  /** Bits a value. */
  readonly bits: number;
  readonly shape: Shape;
  readonly size: number;
}

/** In the order of a file: wide types first, as the reference implementation writes them, for PyTorch refuses a tensor that is not aligned. */
export const laidOut = <P extends Planned>(entries: readonly P[]): readonly P[] =>
  [...entries].sort((a, b) => b.bits - a.bits || byCodeUnits(a.name, b.name));

/** Everything that lies before the bytes of `entries`, which follow in this order. */
export function headerBytes(
  entries: readonly Planned[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  // Put together as text, because an object would move names such as "0" to the front.
  const fields: string[] = [];
  const texts = Object.entries(metadata).sort(([a], [b]) => byCodeUnits(a, b));
  const field = (name: string, value: string): string => `${JSON.stringify(name)}:${value}`;
  if (texts.length > 0)
    fields.push(
      field("__metadata__", `{${texts.map(([k, v]) => field(k, JSON.stringify(v))).join(",")}}`),
    );
  let end = 0;
  for (const { name, dtype, shape, size } of entries) {
    if (name === "__metadata__")
      throw new Error(
        `safetensors: "__metadata__" is the format's own name, got a tensor of that name; rename it`,
      );
    const begin = end;
    end += size;
    fields.push(field(name, JSON.stringify({ dtype, shape, data_offsets: [begin, end] })));
  }
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const start = 8 + Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(start).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(header, 8);
  return bytes;
}

/** Not `localeCompare`: the bytes of a file must not depend on the machine's language. */
const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The limit of the reference implementation, so that a file cannot ask for all memory. */
const LONGEST_HEADER = 100_000_000;

/** Where the header of a file of `size` bytes ends, by its first 9 bytes (or more). */
export function headerEnd(bytes: Uint8Array, size: number, where: string): number {
  const no = (got: string): Error => notSafetensors(where, got, bytes);
  if (bytes.length < 8) throw no(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > LONGEST_HEADER) throw no(`a header of ${length} bytes`);
  if (bytes.length > 8 && bytes[8] !== 0x7b) throw no("a header that does not begin with {");
  if (size < 8 + length)
    throw new Error(
      `${where}: truncated, expected a header of ${length} bytes, got ${size - 8}; copy or save it again`,
    );
  return 8 + length;
}

/** What the first bytes of a file of `size` bytes, up to `headerEnd`, say: tensors in the order of their bytes, which lie without a gap. */
export function parseHeader(
  bytes: Uint8Array,
  size: number,
  where: string,
): { readonly entries: readonly HeaderEntry[]; readonly metadata: Record<string, string> } {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8));
  } catch {
    throw notSafetensors(where, "a header that is no text", bytes);
  }
  const header = parseRecord(text, `${where}: its header`, "save it again");
  const metadata = metadataOf("__metadata__" in header ? header["__metadata__"] : {}, where);
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => checkEntry(entry, name, where))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);

  const data = size - bytes.length;
  const length = entries.reduce((most, { end }) => Math.max(most, end), 0);
  if (data < length)
    throw new Error(
      `${where}: truncated, expected ${length} bytes of tensors, got ${data}; copy or save it again`,
    );
  if (data > length)
    throw new Error(
      `${where}: expected ${length} bytes of tensors, got ${data - length} more after them; copy or save it again`,
    );
  let last = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== last)
      throw new Error(
        `${where}: ${begin > last ? "a hole lies before" : "another tensor overlaps"} ${brief(name)}, ` +
          `got its bytes at ${begin} and the end of the one before at ${last}; save it again`,
      );
    last = end;
  }
  const start = bytes.length;
  return {
    metadata,
    entries: entries.map(({ begin, end, ...entry }) => ({
      ...entry,
      begin: start + begin,
      end: start + end,
    })),
  };
}

const notSafetensors = (where: string, got: string, bytes: Uint8Array): Error =>
  new Error(`${where}: not a safetensors file, got ${got}; ${remedy(bytes)}`);

/** What people most often take for a safetensors file. */
function remedy(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 8));
  if (start.startsWith("\x1f\x8b")) return "gunzip it";
  if (start.startsWith("PK"))
    return "if it is PyTorch's .pt, make one of it with `weightnorm convert`";
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

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;

function checkEntry(entry: unknown, name: string, where: string): HeaderEntry {
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
