/** NumPy's arrays (numpy.org/devdocs/reference/generated/numpy.lib.format.html). The header is a dict of Python's, which is parsed and never evaluated. */
import { sizeOf, type Shape } from "../graph/index.ts";
import { brief } from "../train/json.ts";
import { bitsOf, dtypeBy, nameIn } from "./dtypes.ts";
import { bytesOf, faultOf, inValues, type Entry, type LeftOut } from "./entry.ts";
import { memorySource } from "./source.ts";
import { columnMajor, viewed } from "./strided.ts";

/** An array as bytes: a file, or one in an archive. */
export interface NpyFile {
  readonly name: string;
  readonly where: string;
  readonly size: number;
  chunks(): AsyncIterable<Uint8Array>;
}

const dtypes = dtypeBy("numpy");
const MOST_HEADER = 2 ** 20;
export const isNpy = (start: Uint8Array): boolean =>
  [0x93, ...new TextEncoder().encode("NUMPY")].every((byte, i) => start[i] === byte);

/** The array that a file holds, or why it is left out. */
export async function npyEntry(file: NpyFile): Promise<Entry | LeftOut> {
  const { name, where, size } = file;
  const fail = (what: string, got: string): Error =>
    new Error(`${where}: ${what}, got ${got}; save it again`);
  const start = await first(file, 12);
  if (!isNpy(start)) throw fail("expected an array of NumPy's", "other bytes");
  if (start.length < 12) throw fail("truncated, expected a header", `${start.length} bytes`);
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const isShort = start[6] === 1;
  const begin = isShort ? 10 : 12;
  const end = begin + (isShort ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > Math.min(size, MOST_HEADER)) throw fail("its header is too long", `${end} bytes`);
  const text = new TextDecoder().decode((await first(file, end)).subarray(begin));
  const { descr, isFortran, shape } = headerOf(text, fail);

  const [, order, kind] = /^([<>=|])(\w+)$/.exec(descr) ?? [];
  const dtype = dtypes.get(kind);
  if (dtype === undefined)
    return { name, why: `its type ${brief(descr)} is none of numbers that are known here` };
  const bytes = bitsOf(dtype)! / 8;
  if (end + sizeOf(shape) * bytes !== size)
    throw fail(`${dtype} [${shape}] takes ${sizeOf(shape) * bytes} bytes`, `${size - end}`);
  const swapped = order === ">" ? (dtype.startsWith("C") ? bytes / 2 : bytes) : 1;
  const stored: Entry = {
    ...{ name, dtype, shape },
    async *chunks() {
      for await (const piece of inValues(after(file.chunks(), end), bytes))
        yield swapped === 1 ? piece : reversed(piece, swapped);
    },
  };
  if (!isFortran || shape.length < 2) return stored;
  return {
    ...stored,
    async *chunks() {
      const held = memorySource(await bytesOf(stored), where);
      yield* viewed(held, dtype, { shape, strides: columnMajor(shape), offset: 0 });
    },
  };
}

/** What lies before the bytes of an array; undefined where NumPy has no such type. */
export function npyHeader(dtype: string, shape: Shape): Uint8Array | undefined {
  const kind = nameIn("numpy", dtype);
  if (kind === undefined) return undefined;
  const order = kind.endsWith("1") ? "|" : "<";
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${order}${kind}', 'fortran_order': False, 'shape': (${axes}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new TextEncoder().encode(`\u0000NUMPY${"\u0000".repeat(4)}${text}`);
  const header = new Uint8Array(length).fill(0x20);
  header.set(bytes);
  header.set([0x93], 0);
  header.set([1, 0, (length - 10) & 255, (length - 10) >> 8], 6);
  header[length - 1] = 10;
  return header;
}

interface Header {
  readonly descr: string;
  readonly isFortran: boolean;
  readonly shape: Shape;
}
function headerOf(text: string, fail: (what: string, got: string) => Error): Header {
  const value = (key: string, pattern: string): string | undefined => {
    const found = new RegExp(String.raw`[{,]\s*['"]${key}['"]\s*:\s*${pattern}\s*[,}]`).exec(text);
    return found ? (found.at(1) ?? "of records") : undefined;
  };
  const isDict = /^\{.*\}\s*$/s.test(text);
  const descr = value("descr", String.raw`(?:['"]([^'"]*)['"]|\[[^\]]*\])`);
  const fortran = value("fortran_order", "(True|False)");
  const axes = value("shape", String.raw`\(([\d\sL,]*)\)`);
  if (!isDict || descr === undefined || fortran === undefined || axes === undefined)
    throw fail("expected a header with descr, fortran_order and shape", brief(text));
  const shape = axes
    .split(",")
    .map((d) => d.trim().replace(/L$/, ""))
    .filter((d) => d !== "")
    .map(Number);
  const fault = faultOf(shape);
  if (fault !== undefined) throw fail("its shape cannot be", fault);
  return { descr, isFortran: fortran === "True", shape };
}

/** The first bytes of a file, `count` of them where there are so many. */
async function first(file: NpyFile, count: number): Promise<Uint8Array> {
  const found = new Uint8Array(Math.min(count, file.size));
  let at = 0;
  for await (const piece of file.chunks()) {
    found.set(piece.subarray(0, found.length - at), at);
    at += piece.length;
    if (at >= found.length) break;
  }
  return found;
}

/** All but the first `count` bytes. */
async function* after(
  chunks: AsyncIterable<Uint8Array>,
  count: number,
): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const piece of chunks) {
    if (piece.length > left) yield piece.subarray(left);
    left = Math.max(0, left - piece.length);
  }
}

/** Every `size` bytes the other way round. */
function reversed(piece: Uint8Array, size: number): Uint8Array {
  const copy = new Uint8Array(piece);
  for (let at = 0; at < copy.length; at += size) copy.subarray(at, at + size).reverse();
  return copy;
}
