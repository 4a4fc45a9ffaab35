/** CIFAR-10 from a folder, from its archive, or from its official address. */
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseTar, type ParsedTarFileItem } from "nanotar";
import { parseCifar10 } from "../data/cifar10.ts";
import type { ImageSet } from "../data/images.ts";
import { cacheFolder, download, type DownloadProgress } from "./download.ts";
import { reasonOf } from "./files.ts";
import { readGzip } from "./gzip.ts";

export interface Cifar10 {
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** Where it came from, for logs and reports. */
  readonly source: string;
}

export interface Cifar10Options {
  /** The folder of the six .bin files, all equally long, or of cifar-10-binary.tar.gz, or one above; or that archive itself. */
  readonly dataDir?: string;
  /** While it is downloaded, which it is where no `dataDir` is given. */
  readonly onProgress?: DownloadProgress;
}

const URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";
const MD5 = "c32a1d4ab5d03f1284b67883e8d87530";
const SIZE = 170_052_171;
const ARCHIVE = "cifar-10-binary.tar.gz";
const FOLDER = "cifar-10-batches-bin";
const TRAIN = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
const TEST = "test_batch.bin";
const BATCHES = [...TRAIN, TEST];

/** Training and test set. */
export async function loadCifar10({ dataDir, onProgress }: Cifar10Options = {}): Promise<Cifar10> {
  const batches = await batchesAt(dataDir ?? (await downloaded(onProgress)));
  checkLengths(batches);
  return {
    train: parseCifar10(batches.slice(0, -1)),
    test: parseCifar10(batches.slice(-1)),
    source: dataDir ?? URL,
  };
}

async function downloaded(onProgress?: DownloadProgress): Promise<string> {
  const path = join(cacheFolder(), ARCHIVE);
  await download(URL, path, { md5: MD5, size: SIZE, ...(onProgress ? { onProgress } : {}) });
  return path;
}

interface Batch {
  /** What messages call it. */
  readonly where: string;
  readonly bytes: Uint8Array;
}
/** In the order of BATCHES. */
async function batchesAt(path: string): Promise<readonly Batch[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw new Error(
      `${path}: expected a folder with CIFAR-10's binary files, or ${ARCHIVE}, got ${reasonOf(error)}; check the path`,
      { cause: error },
    );
  });
  if (!found.isDirectory()) return batchesIn(path);
  const has = (dir: string, name: string): boolean => existsSync(join(dir, name));
  const folder = [path, join(path, FOLDER)].find((dir) => BATCHES.some((name) => has(dir, name)));
  if (folder === undefined && has(path, ARCHIVE)) return batchesIn(join(path, ARCHIVE));
  const place = folder ?? path;
  const missing = BATCHES.filter((name) => !has(place, name));
  if (missing.length > 0)
    throw new Error(
      `${place}: expected CIFAR-10's six binary files, got no ${missing.join(", no ")}; unpack ${ARCHIVE} or give the folder that has them`,
    );
  return Promise.all(
    BATCHES.map(async (name) => {
      const where = join(place, name);
      return { where, bytes: await readFile(where) };
    }),
  );
}

async function batchesIn(path: string): Promise<readonly Batch[]> {
  const entries = entriesOf(await readGzip(path), path);
  return BATCHES.map((name) => {
    const bytes = entries.find((entry) => basename(entry.name) === name)?.data;
    if (bytes) return { where: join(path, name), bytes };
    throw new Error(
      `${path}: expected ${name} in the archive, got no such file; replace it with ${URL}`,
    );
  });
}

function entriesOf(tar: Uint8Array, path: string): readonly ParsedTarFileItem[] {
  try {
    return parseTar(tar);
  } catch (error) {
    throw new Error(
      `${path}: expected a tar archive, got a damaged one ("${reasonOf(error)}"); replace it with ${URL}`,
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
      `${shortest.where}: expected the six files to be equally long, got ${shortest.bytes.length} bytes here and ${longest.bytes.length} in ${basename(longest.where)}; replace what is damaged with an intact copy`,
    );
}
