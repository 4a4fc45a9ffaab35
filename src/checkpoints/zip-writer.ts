/** Zip archives of files as they are, with zip64 where it takes that; each file begins at a multiple of 64 bytes, as PyTorch writes them. */
import { crc32 } from "../train/checkpoint.ts";
import type { Sink } from "./source.ts";

/** A file to be written, of `size` bytes. */
export interface ZipContent {
  readonly name: string;
  readonly size: number;
  chunks(): AsyncIterable<Uint8Array>;
}

const LARGE = 0xffffffff;
const ALIGNED = 64;
/** Of the bytes that pad a local header, as PyTorch has it. */
const PADDING_ID = 0x4246;

interface Written {
  readonly name: Uint8Array;
  readonly size: number;
  readonly crc: number;
  readonly at: number;
}

/** Writes an archive of `files`, in this order. */
export async function writeZip(sink: Sink, files: Iterable<ZipContent>): Promise<void> {
  let at = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    await sink.write(bytes);
    at += bytes.length;
  };
  const all: Written[] = [];
  for (const { name: text, size, chunks } of files) {
    const name = new TextEncoder().encode(text);
    const start = at;
    await write(localHeader(name, size, start));
    const [begin, sum] = [at, { crc: 0 }];
    for await (const piece of chunks()) {
      sum.crc = crc32(piece, sum.crc);
      await write(piece);
    }
    if (at - begin !== size)
      throw new Error(`zip: expected ${size} bytes of "${text}", got ${at - begin}; report this`);
    const crc = new Uint8Array(4);
    new DataView(crc.buffer).setUint32(0, sum.crc, true);
    await sink.patch(start + 14, crc);
    all.push({ name, size, crc: sum.crc, at: start });
  }
  const begin = at;
  for (const file of all) await write(directoryEntry(file));
  await write(end(all.length, begin, at - begin));
}

/** Fields one after the other: [bytes, value]. */
function fields(...list: readonly (readonly [bytes: 2 | 4 | 8, value: number])[]): Uint8Array {
  const bytes = new Uint8Array(list.reduce((sum, [size]) => sum + size, 0));
  const data = new DataView(bytes.buffer);
  let at = 0;
  for (const [size, value] of list) {
    if (size === 2) data.setUint16(at, value, true);
    else if (size === 4) data.setUint32(at, value, true);
    else data.setBigUint64(at, BigInt(value), true);
    at += size;
  }
  return bytes;
}
const joined = (...parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/** Version 4.5 knows zip64; names are UTF-8; 1980-01-01, so that the same content gives the same bytes. */
const VERSION = 45;
const UTF8 = 0x0800;
const DATE = 0x0021;
const capped = (value: number): number => Math.min(value, LARGE);

function localHeader(name: Uint8Array, size: number, at: number): Uint8Array {
  const zip64 = size >= LARGE ? fields([2, 1], [2, 16], [8, size], [8, size]) : new Uint8Array(0);
  const unpadded = at + 30 + name.length + zip64.length + 4;
  const padding = (ALIGNED - (unpadded % ALIGNED)) % ALIGNED;
  const extra = joined(zip64, fields([2, PADDING_ID], [2, padding]), new Uint8Array(padding));
  return joined(
    fields([4, 0x04034b50], [2, VERSION], [2, UTF8], [2, 0], [2, 0], [2, DATE], [4, 0]),
    fields([4, capped(size)], [4, capped(size)], [2, name.length], [2, extra.length]),
    name,
    extra,
  );
}

function directoryEntry({ name, size, crc, at }: Written): Uint8Array {
  const large = [...(size >= LARGE ? [size, size] : []), ...(at >= LARGE ? [at] : [])];
  const extra =
    large.length > 0
      ? fields([2, 1], [2, 8 * large.length], ...large.map((value) => [8, value] as const))
      : new Uint8Array(0);
  return joined(
    fields([4, 0x02014b50], [2, VERSION], [2, VERSION], [2, UTF8], [2, 0], [2, 0], [2, DATE]),
    fields([4, crc], [4, capped(size)], [4, capped(size)], [2, name.length], [2, extra.length]),
    fields([2, 0], [2, 0], [2, 0], [4, 0], [4, capped(at)]),
    name,
    extra,
  );
}

function end(count: number, begin: number, size: number): Uint8Array {
  const isLarge = count >= 0xffff || begin + size >= LARGE;
  const zip64 = isLarge
    ? joined(
        fields([4, 0x06064b50], [8, 44], [2, VERSION], [2, VERSION], [4, 0], [4, 0]),
        fields([8, count], [8, count], [8, size], [8, begin]),
        fields([4, 0x07064b50], [4, 0], [8, begin + size], [4, 1]),
      )
    : new Uint8Array(0);
  const short = Math.min(count, 0xffff);
  return joined(
    zip64,
    fields([4, 0x06054b50], [2, 0], [2, 0], [2, short], [2, short]),
    fields([4, capped(size)], [4, capped(begin)], [2, 0]),
  );
}
