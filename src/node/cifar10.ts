/** CIFAR-10 from a folder, from its archive, or from its official address. */
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { parseTar } from "nanotar";
import { parseCifar10 } from "../data/cifar10.ts";
import type { ImageSet } from "../data/images.ts";
import { cacheFolder, download, type DownloadProgress } from "./download.ts";
import { reasonOf } from "./files.ts";

export interface Cifar10 {
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** Where it came from, for logs and reports. */
  readonly source: string;
}

export interface Cifar10Options {
  /** The folder of the six .bin files, or of cifar-10-binary.tar.gz, or one above; or that archive itself. */
  readonly dataDir?: string;
  /** While it is downloaded, which it is where no `dataDir` is given. */
  readonly onProgress?: DownloadProgress;
}

const URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";
const MD5 = "c32a1d4ab5d03f1284b67883e8d87530";
const ARCHIVE = "cifar-10-binary.tar.gz";
const FOLDER = "cifar-10-batches-bin";
const TRAIN = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
const TEST = ["test_batch.bin"];

/** Training and test set. */
export async function loadCifar10({ dataDir, onProgress }: Cifar10Options = {}): Promise<Cifar10> {
  const path = dataDir ?? (await downloaded(onProgress));
  const files = await open(path);
  const read = async (names: readonly string[]): Promise<ImageSet> =>
    parseCifar10(
      await Promise.all(
        names.map(async (name) => ({ where: join(path, name), bytes: await files(name) })),
      ),
    );
  return { train: await read(TRAIN), test: await read(TEST), source: dataDir ?? URL };
}

async function downloaded(onProgress?: DownloadProgress): Promise<string> {
  const path = join(cacheFolder(), ARCHIVE);
  await download(URL, path, { md5: MD5, ...(onProgress ? { onProgress } : {}) });
  return path;
}

/** How to read the batch of a name. */
async function open(path: string): Promise<(name: string) => Promise<Uint8Array>> {
  const found = await stat(path).catch((error: unknown) => {
    throw new Error(
      `${path}: expected a folder with CIFAR-10's binary files, or ${ARCHIVE}, got ${reasonOf(error)}; check the path`,
      { cause: error },
    );
  });
  if (!found.isDirectory()) return openArchive(path);
  const folder = [path, join(path, FOLDER)].find((dir) => existsSync(join(dir, TEST[0])));
  const archive = join(path, ARCHIVE);
  if (folder === undefined && existsSync(archive)) return openArchive(archive);
  const place = folder ?? path;
  const missing = [...TRAIN, ...TEST].filter((name) => !existsSync(join(place, name)));
  if (missing.length > 0)
    throw new Error(
      `${place}: expected CIFAR-10's six binary files, got no ${missing.join(", no ")}; unpack ${ARCHIVE} there or give the folder that has them`,
    );
  return (name) => readFile(join(place, name));
}

async function openArchive(path: string): Promise<(name: string) => Promise<Uint8Array>> {
  const bytes = await readFile(path);
  const tar = await promisify(gunzip)(bytes).catch((error: unknown) => {
    const got = error instanceof Error ? error.message : String(error);
    throw new Error(`${path}: cannot decompress, got "${got}"; download it again`, {
      cause: error,
    });
  });
  const entries = parseTar(tar);
  return (name) => {
    const data = entries.find((entry) => basename(entry.name) === name)?.data;
    return data
      ? Promise.resolve(data)
      : Promise.reject(
          new Error(
            `${path}: expected ${name} in the archive, got no such file; download it again`,
          ),
        );
  };
}
