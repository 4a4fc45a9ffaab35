/** The directory of a zip archive, zip64 too, read where it is needed. Nothing is unpacked to a place that an archive names. */
import { gunzipped } from "../data/gzip.ts";
import { crc32 } from "../train/checkpoint.ts";
import { word } from "../train/json.ts";
import { exactly, pieces, type Source } from "./source.ts";

/** A file in an archive. */
export interface ZipFile {
  readonly name: string;
  /** Bytes when it is unpacked. */
  readonly size: number;
  /** Whether it lies there as it is. */
  readonly isStored: boolean;
  /** Where its bytes lie as a source; an error where it is compressed. */
  stored(): Promise<Source>;
  /** Its bytes, unpacked, with their checksum looked at. */
  chunks(): AsyncGenerator<Uint8Array>;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const MOST_FILES = 1_000_000;
const MOST_DIRECTORY = 2 ** 27;
/** No byte of deflate stands for more. */
const MOST_RATIO = 1032;

const view = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const broken = (source: Source, what: string, got: string): Error =>
  new Error(`${source.where}: ${what}, got ${got}; copy or save it again`);

interface Place {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
  /** Where the next file, or the directory, begins. */
  readonly limit: number;
}

/** The files of an archive by their names. No two have one name, or lie in the same bytes. */
export async function zipFiles(source: Source): Promise<ReadonlyMap<string, ZipFile>> {
  const { count, begin, end } = await directory(source);
  const bytes = await exactly(source, [begin, end], "its directory");
  const found = entries(source, bytes, count).sort((a, b) => a.at - b.at);
  const files = new Map<string, ZipFile>();
  for (const [i, entry] of found.entries()) {
    const limit = i + 1 < found.length ? found[i + 1].at : begin;
    if (entry.at + 30 + entry.packed > limit)
      throw broken(
        source,
        `${word(entry.name)} lies in the bytes of what comes after it`,
        `${entry.packed} bytes from ${entry.at} on, and the next at ${limit}`,
      );
    if (entry.size > entry.packed * (entry.method === 0 ? 1 : MOST_RATIO))
      throw broken(
        source,
        `${word(entry.name)} cannot be so large`,
        `${entry.size} bytes of ${entry.packed}`,
      );
    if (files.has(entry.name))
      throw broken(source, "expected every name once", `${word(entry.name)} twice`);
    files.set(entry.name, fileOf(source, { ...entry, limit }));
  }
  return files;
}

function fileOf(source: Source, place: Place): ZipFile {
  const { name, size, packed, method } = place;
  const range = async (): Promise<readonly [number, number]> => {
    const head = view(await exactly(source, [place.at, place.at + 30], "the start of a file"));
    if (head.getUint32(0, true) !== LOCAL)
      throw broken(source, `expected ${word(name)} at ${place.at}`, "other bytes");
    const begin = place.at + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    if (begin + packed > place.limit)
      throw broken(source, `${word(name)} lies in the bytes of what comes after it`, `${packed}`);
    return [begin, begin + packed];
  };
  const where = `${source.where}: ${word(name)}`;
  return {
    ...{ name, size, isStored: method === 0 },
    async stored() {
      if (method !== 0) throw broken(source, `expected ${word(name)} as it is`, "it compressed");
      const [begin] = await range();
      return {
        ...{ where, size },
        read: (offset, length) => source.read(begin + offset, length),
      };
    },
    async *chunks() {
      const [begin, end] = await range();
      const packedPieces = pieces(source, begin, end);
      if (method !== 0) {
        yield* gunzipped(asGzip(packedPieces, place), { where, most: size });
        return;
      }
      let sum = 0;
      for await (const piece of packedPieces) {
        sum = crc32(piece, sum);
        yield piece;
      }
      if (sum !== place.crc)
        throw broken(source, `${word(name)} is damaged`, "another checksum than its own");
    },
  };
}

/** What is deflated, as gzip has it: browsers, and Node before 20.12, know that alone. The end has the checksum and the size. */
async function* asGzip(
  packed: AsyncIterable<Uint8Array>,
  place: Place,
): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
  yield* packed;
  const end = new Uint8Array(8);
  view(end).setUint32(0, place.crc, true);
  view(end).setUint32(4, place.size % 2 ** 32, true);
  yield end;
}

/** Where the directory is and how many files it has: at the end, before a comment. */
async function directory(
  source: Source,
): Promise<{ readonly count: number; readonly begin: number; readonly end: number }> {
  const start = Math.max(0, source.size - 22 - 0xffff);
  const tail = await exactly(source, [start, source.size], "its end");
  const data = view(tail);
  let at = tail.length - 22;
  while (at >= 0 && data.getUint32(at, true) !== END) at--;
  if (at < 0) throw broken(source, "expected a whole zip archive", "no directory at its end");
  let count = data.getUint16(at + 10, true);
  let size = data.getUint32(at + 12, true);
  let begin = data.getUint32(at + 16, true);
  let end = start + at;
  if (at >= 20 && data.getUint32(at - 20, true) === LOCATOR_64) {
    const where = Number(data.getBigUint64(at - 12, true));
    const large = view(await exactly(source, [where, where + 56], "its zip64 end"));
    if (large.getUint32(0, true) !== END_64)
      throw broken(source, "expected the end of a zip64 archive", "other bytes");
    count = Number(large.getBigUint64(32, true));
    size = Number(large.getBigUint64(40, true));
    begin = Number(large.getBigUint64(48, true));
    end = where;
  }
  if (count > MOST_FILES || size > MOST_DIRECTORY)
    throw broken(source, `expected at most ${MOST_FILES} files`, `${count} in ${size} bytes`);
  if (begin + size > end)
    throw broken(source, "its directory ends too late", `${size} bytes from ${begin} on`);
  return { count, begin, end: begin + size };
}

function entries(source: Source, bytes: Uint8Array, count: number): Omit<Place, "limit">[] {
  const data = view(bytes);
  const text = new TextDecoder();
  const found: Omit<Place, "limit">[] = [];
  let at = 0;
  for (let n = 0; n < count; n++) {
    if (at + 46 > bytes.length || data.getUint32(at, true) !== DIRECTORY)
      throw broken(source, `expected ${count} files in its directory`, `${n}`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      data.getUint16(at + offset, true),
    );
    const next = at + 46 + nameLength + extraLength + commentLength;
    if (next > bytes.length)
      throw broken(source, `expected ${count} files in its directory`, `${n}`);
    const name = text.decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const method = data.getUint16(at + 10, true);
    if ((data.getUint16(at + 8, true) & 1) === 1)
      throw broken(source, `${word(name)} should not be encrypted`, "it so");
    if (method !== 0 && method !== 8)
      throw broken(source, `expected ${word(name)} stored or deflated`, `method ${method}`);
    const extra = bytes.subarray(at + 46 + nameLength, next - commentLength);
    const [size, packed, place] = large(
      [24, 20, 42].map((offset) => data.getUint32(at + offset, true)),
      extra,
    );
    if (![size, packed, place].every(Number.isSafeInteger))
      throw broken(source, `${word(name)} cannot be so large`, `${size} bytes`);
    if (method === 0 && size !== packed)
      throw broken(source, `${word(name)} has two sizes`, `${size} and ${packed}`);
    found.push({ name, method, crc: data.getUint32(at + 16, true), packed, size, at: place });
    at = next;
  }
  return found;
}

/** Numbers that do not fit into 32 bits are in an extra field instead, in this order. */
function large(values: readonly number[], extra: Uint8Array): readonly number[] {
  const data = view(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const [id, length] = [data.getUint16(at, true), data.getUint16(at + 2, true)];
    let from = at + 4;
    const end = Math.min(from + length, extra.length);
    if (id === 1)
      return values.map((value) => {
        if (value !== 0xffffffff || from + 8 > end) return value;
        from += 8;
        return Number(data.getBigUint64(from - 8, true));
      });
    at = from + length;
  }
  return values;
}
