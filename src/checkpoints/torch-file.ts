/**
 * Checkpoints of PyTorch's: an archive of a pickle and of storages (since 1.6), and the form before it, pickles one after the
 * other and storages behind them (torch/serialization.py).
 */
import { brief, word } from "../train/json.ts";
import { bitsOf } from "./dtypes.ts";
import { byteLength, type Entry, type Weights } from "./entry.ts";
import { flatten, type Flat } from "./flatten.ts";
import { unpickle, type Pickled } from "./pickle.ts";
import { exactly, type Source } from "./source.ts";
import { endOf, viewed, type Strided } from "./strided.ts";
import { torchGlobals } from "./torch-globals.ts";
import type { ZipFile } from "./zip.ts";

/** Bytes of a pickle that are read: some hundred times what a large model has. */
const MOST_PICKLE = 64 * 2 ** 20;
/** Views may say more than a file holds: so many times, and so many bytes more. */
const [MOST_TIMES, MOST_MORE] = [16, 64 * 2 ** 20];

interface Stored {
  /** Bytes of the storage. */
  readonly size: number;
  open(): Promise<Source>;
}

/** What the archive of `torch.save` holds. */
export async function torchArchive(
  source: Source,
  files: ReadonlyMap<string, ZipFile>,
  pickle: string,
): Promise<Weights> {
  const prefix = pickle.slice(0, -"data.pkl".length);
  const whole = async (file: ZipFile): Promise<Uint8Array> => {
    const bytes = await file.stored();
    if (bytes.size > MOST_PICKLE)
      throw new Error(
        `${bytes.where}: expected at most ${MOST_PICKLE} bytes, got ${bytes.size}; save its weights alone`,
      );
    return bytes.read(0, bytes.size);
  };
  const order = files.get(`${prefix}byteorder`);
  if (order) littleEndian(new TextDecoder().decode(await whole(order)) === "little", source);
  const { where } = source;
  const { value } = unpickle(await whole(files.get(pickle)!), { where, known: torchGlobals });
  return weightsOf(source, flatten(value, where), (key) => {
    const file = files.get(`${prefix}data/${key}`);
    return file && { size: file.size, open: file.stored };
  });
}

/** The number that the older form begins with. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const START = Uint8Array.of(
  0x80,
  2,
  0x8a,
  10,
  0x6c,
  0xfc,
  0x9c,
  0x46,
  0xf9,
  0x20,
  0x6a,
  0xa8,
  0x50,
  0x19,
);
export const isOlderForm = (start: Uint8Array): boolean =>
  START.every((byte, i) => start[i] === byte);

/** What the form before archives holds. */
export async function olderTorch(source: Source): Promise<Weights> {
  const { where, size } = source;
  const bytes = await source.read(0, Math.min(size, MOST_PICKLE));
  let at = 0;
  const next = (): Pickled => {
    const isCut = bytes.length < size;
    const { value, end } = unpickle(bytes.subarray(at), { where, known: torchGlobals, isCut });
    at += end;
    return value;
  };
  const [magic, version, system, root, keys] = [next(), next(), next(), next(), next()];
  if (magic !== MAGIC || version !== 1001)
    throw new Error(`${where}: expected a file of PyTorch's, got another pickle; check the path`);
  littleEndian(system instanceof Map && system.get("little_endian") === true, source);
  const flat = flatten(root, where);
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === "string"))
    throw new Error(`${where}: expected the names of its storages, got others; save it again`);
  const stored = await storagesAt(source, at, keys, flat);
  return weightsOf(source, flat, (key) => stored.get(key));
}

/** Storages one after the other, each behind its count of values. */
async function storagesAt(
  source: Source,
  begin: number,
  keys: readonly string[],
  { tensors }: Flat,
): Promise<ReadonlyMap<string, Stored>> {
  const types = new Map([...tensors.values()].map(({ key, dtype }) => [key, dtype]));
  const stored = new Map<string, Stored>();
  let at = begin;
  for (const [i, key] of keys.entries()) {
    const head = await exactly(source, [at, at + 8], `the storage ${word(key)}`);
    const view = new DataView(head.buffer, head.byteOffset, 8);
    const dtype = types.get(key);
    // Of one that no tensor has the length is not known: it has to be the last that there is.
    if (dtype === undefined) {
      if (keys.slice(i).some((other) => types.has(other)))
        throw new Error(
          `${source.where}: expected a tensor of every storage, got none of ${word(key)}; save its weights alone`,
        );
      return stored;
    }
    const size = (Number(view.getBigInt64(0, true)) * bitsOf(dtype)!) / 8;
    const from = at + 8;
    if (!Number.isSafeInteger(size) || size < 0 || from + size > source.size)
      throw new Error(
        `${source.where}: truncated, expected ${size} bytes of the storage ${word(key)} at ${from}, got ${source.size} bytes in all; copy or save it again`,
      );
    const open = (): Promise<Source> =>
      Promise.resolve({
        ...{ where: source.where, size },
        read: (offset, length) => source.read(from + offset, length),
      });
    stored.set(key, { size, open });
    at = from + size;
  }
  return stored;
}

function littleEndian(is: boolean, { where }: Source): void {
  if (!is)
    throw new Error(
      `${where}: expected little-endian numbers, got others; save it on an ordinary machine`,
    );
}

function weightsOf(
  source: Source,
  { tensors, leftOut }: Flat,
  storage: (key: string) => Stored | undefined,
): Weights {
  const entries = [...tensors].map(([name, x]) => entryAt(source, name, x, storage(x.key)));
  const bytes = entries.reduce((sum, entry) => sum + byteLength(entry), 0);
  if (bytes > MOST_TIMES * source.size + MOST_MORE)
    throw new Error(
      `${source.where}: expected about as many values as it has, got ${bytes} bytes of tensors out of ${source.size}; save clones of them`,
    );
  return { format: "PyTorch", entries, leftOut, metadata: {} };
}

function entryAt(source: Source, name: string, x: Strided, stored: Stored | undefined): Entry {
  const { dtype, shape } = x;
  const fail = (got: string): Error =>
    new Error(
      `${source.where}: tensor ${brief(name)} is no view of its storage, got ${got}; copy or save it again`,
    );
  if (!stored) throw fail(`no storage ${word(x.key)}`);
  const size = Math.min(x.size, Math.floor((8 * stored.size) / bitsOf(dtype)!));
  const end = endOf(x, size);
  if (typeof end === "string") throw fail(end);
  return {
    ...{ name, dtype, shape },
    async *chunks() {
      yield* viewed(await stored.open(), dtype, x);
    },
  };
}
