/** What `torch.load` reads, with and without `weights_only`: an OrderedDict of tensors, each with a storage of its own. */
import { byteLength, type Entry } from "./entry.ts";
import { nameIn } from "./dtypes.ts";
import type { Sink } from "./source.ts";
import { rowMajor } from "./strided.ts";
import { writeZip, type ZipContent } from "./zip-writer.ts";
import { sizeOf } from "../graph/index.ts";

export async function writeTorch(sink: Sink, entries: readonly Entry[]): Promise<void> {
  const text = (name: string, content: string): ZipContent =>
    small(`archive/${name}`, new TextEncoder().encode(content));
  await writeZip(sink, [
    small("archive/data.pkl", pickleOf(entries)),
    text("byteorder", "little"),
    ...entries.map((entry, key) => ({
      ...{ name: `archive/data/${key}`, size: byteLength(entry) },
      chunks: entry.chunks,
    })),
    text("version", "3\n"),
  ]);
}

const small = (name: string, bytes: Uint8Array): ZipContent => ({
  ...{ name, size: bytes.length },
  // eslint-disable-next-line @typescript-eslint/require-await
  async *chunks() {
    yield bytes;
  },
});

/** Opcodes and their arguments, by the names that Python's pickletools has for them. */
const MARK = Uint8Array.of(0x28);
const TUPLE = Uint8Array.of(0x74);
const EMPTY_TUPLE = Uint8Array.of(0x29);
const REDUCE = Uint8Array.of(0x52);
const SETITEMS = Uint8Array.of(0x75);
const NEWFALSE = Uint8Array.of(0x89);
const BINPERSID = Uint8Array.of(0x51);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const named = (module: string, name: string): Uint8Array => utf8(`c${module}\n${name}\n`);

function unicode(text: string): readonly Uint8Array[] {
  const bytes = utf8(text);
  const head = new Uint8Array(5);
  head[0] = 0x58;
  new DataView(head.buffer).setUint32(1, bytes.length, true);
  return [head, bytes];
}
/** BININT, or LONG1 of eight bytes. */
function whole(x: number): Uint8Array {
  const isSmall = x < 2 ** 31;
  const bytes = new Uint8Array(isSmall ? 5 : 10);
  const view = new DataView(bytes.buffer);
  bytes.set(isSmall ? [0x4a] : [0x8a, 8]);
  if (isSmall) view.setInt32(1, x, true);
  else view.setBigInt64(2, BigInt(x), true);
  return bytes;
}
const tuple = (numbers: readonly number[]): readonly Uint8Array[] => [
  MARK,
  ...numbers.map(whole),
  TUPLE,
];

function pickleOf(entries: readonly Entry[]): Uint8Array {
  const ordered = [named("collections", "OrderedDict"), EMPTY_TUPLE, REDUCE];
  const parts = [Uint8Array.of(0x80, 2), ...ordered, MARK];
  entries.forEach(({ name, dtype, shape }, key) =>
    parts.push(
      ...unicode(name),
      ...[named("torch._utils", "_rebuild_tensor_v2"), MARK],
      ...[MARK, ...unicode("storage"), named("torch", nameIn("storage", dtype)!)],
      ...[...unicode(`${key}`), ...unicode("cpu"), whole(sizeOf(shape)), TUPLE, BINPERSID],
      ...[whole(0), ...tuple(shape), ...tuple(rowMajor(shape))],
      ...[NEWFALSE, ...ordered, TUPLE, REDUCE],
    ),
  );
  parts.push(SETITEMS, Uint8Array.of(0x2e));
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
