/**
 * CIFAR-10's binary version (https://www.cs.toronto.edu/~kriz/cifar.html): six files of records of a label and 3072 bytes, the
 * red, then the green, then the blue plane of 32 rows of 32.
 */
import { parseTar, type ParsedTarFileItem } from "nanotar";
import type { Door, Download, Files } from "./door.ts";
import { gunzip } from "./gzip.ts";
import type { ImageSet } from "./images.ts";

/** Images [3, 32, 32] of ten classes. */
export interface Cifar10 {
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** Where it came from, for logs and reports. */
  readonly source: string;
}

/** The official archive. Its authors give the md5; the sha256 is the one that TensorFlow Datasets and GoMLX have for it. */
export const CIFAR10: Download = {
  url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
  name: "cifar-10-binary.tar.gz",
  size: 170_052_171,
  md5: "c32a1d4ab5d03f1284b67883e8d87530",
  sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
};
const FOLDER = "cifar-10-batches-bin";
const BATCHES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`).concat("test_batch.bin");

const IMAGE = 3 * 32 * 32;
const RECORD = 1 + IMAGE;
/** Six files of 10,000 records, and a million bytes for what lies between them. */
const LARGEST_ARCHIVE = 6 * 10_000 * RECORD + 1_000_000;

/** The files at a place of the user's, else the official archive from the network. */
export const cifar10Files = (
  door: Door,
  place?: string,
  onProgress?: (received: number, total: number) => void,
): Promise<Files> => (place === undefined ? door.download(CIFAR10, onProgress) : door.at(place));

/** Training and test set from the six files, all equally long, in a folder or in one above, or from their archive. */
export async function readCifar10(files: Files): Promise<Cifar10> {
  const batches = await batchesAt(files);
  checkLengths(batches);
  return {
    train: parseCifar10(batches.slice(0, -1)),
    test: parseCifar10(batches.slice(-1)),
    source: files.source,
  };
}

interface Batch {
  /** What messages call it. */
  readonly where: string;
  readonly bytes: Uint8Array;
}
/** In the order of BATCHES. */
async function batchesAt(files: Files): Promise<readonly Batch[]> {
  const present = new Set(files.names);
  if (present.has(FOLDER)) await files.read(FOLDER); // which says why it cannot be looked into
  const above = ["", `${FOLDER}/`].find((at) => BATCHES.some((name) => present.has(at + name)));
  if (above === undefined) {
    const [only, ...others] = files.names;
    const single = others.length === 0 && files.where(only) === files.source; // and no folder with one file
    const archive = present.has(CIFAR10.name) ? CIFAR10.name : single ? only : undefined;
    if (archive !== undefined) return batchesIn(await files.read(archive), files.where(archive));
  }
  const folder = above ?? "";
  const missing = BATCHES.filter((name) => !present.has(folder + name));
  if (missing.length > 0)
    throw new Error(
      `${files.where(folder.slice(0, -1))}: expected CIFAR-10's six binary files, got no ${missing.join(", no ")}; unpack ${CIFAR10.name} or give the folder that has them`,
    );
  return Promise.all(
    BATCHES.map(async (name) => ({
      where: files.where(folder + name),
      bytes: await files.read(folder + name),
    })),
  );
}

async function batchesIn(archive: Uint8Array, where: string): Promise<readonly Batch[]> {
  const entries = entriesOf(await gunzip(archive, { where, most: LARGEST_ARCHIVE }), where);
  return BATCHES.map((name) => {
    const entry = entries.find((e) => e.name.split("/").at(-1) === name);
    if (entry) return { where: `${where}/${name}`, bytes: entry.data ?? new Uint8Array(0) };
    throw new Error(
      `${where}: expected ${name} in the archive, got no such file; replace it with ${CIFAR10.url}`,
    );
  });
}

function entriesOf(tar: Uint8Array, where: string): readonly ParsedTarFileItem[] {
  try {
    return parseTar(tar);
  } catch (error) {
    throw new Error(
      `${where}: expected a tar archive, got a damaged or truncated one; replace it with ${CIFAR10.url}`,
      { cause: error },
    );
  }
}

/** The official files have 10,000 images each. Smaller sets are welcome, but a file that was cut between two images is not. */
function checkLengths(batches: readonly Batch[]): void {
  const [shortest, ...others] = batches.toSorted((a, b) => a.bytes.length - b.bytes.length);
  const longest = others.at(-1)!;
  if (shortest.bytes.length < longest.bytes.length)
    throw new Error(
      `${shortest.where}: expected the six files to be equally long, got ${shortest.bytes.length} bytes here and ${longest.bytes.length} in ${BATCHES[batches.indexOf(longest)]}; replace what is damaged with an intact copy`,
    );
}

/** One set from its files, in order, each with the name that messages give it. */
export function parseCifar10(
  files: readonly { readonly where: string; readonly bytes: Uint8Array }[],
): ImageSet {
  const count = files.reduce((sum, file) => sum + recordsIn(file), 0);
  const images = new Uint8Array(count * IMAGE);
  const labels = new Uint8Array(count);
  let row = 0;
  for (const { where, bytes } of files)
    for (let at = 0; at < bytes.length; at += RECORD, row++) {
      if (bytes[at] > 9)
        throw new Error(
          `${where}: labels must be 0..9, got ${bytes[at]} in record ${at / RECORD}; check that it is a batch of CIFAR-10's binary version, or replace it with an intact copy`,
        );
      labels[row] = bytes[at];
      images.set(bytes.subarray(at + 1, at + RECORD), row * IMAGE);
    }
  return { images, labels, count, channels: 3, height: 32, width: 32 };
}

function recordsIn({
  where,
  bytes,
}: {
  readonly where: string;
  readonly bytes: Uint8Array;
}): number {
  if (bytes.length > 0 && bytes.length % RECORD === 0) return bytes.length / RECORD;
  throw new Error(
    `${where}: truncated or not a batch of CIFAR-10's binary version, got ${bytes.length} bytes, expected a multiple of ${RECORD} (a label and 3072 pixels a record); replace it with an intact copy`,
  );
}
