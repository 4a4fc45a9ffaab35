import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Idx } from "../../src/data/idx.ts";
import { imageSet, readMnist } from "../../src/data/mnist.ts";
import { filesOf } from "./files.ts";

const idx = (shape: readonly number[], data: readonly number[] = []): Idx => ({
  shape,
  data: Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => data[i] ?? 0),
});

test("pairs images with labels", () => {
  const images = idx([2, 1, 2], [0, 50, 100, 255]);
  const labels = idx([2], [9, 0]);
  expect(imageSet(images, labels, "train")).toEqual({
    images: Uint8Array.of(0, 50, 100, 255),
    labels: Uint8Array.of(9, 0),
    count: 2,
    height: 1,
    width: 2,
    channels: 1,
  });
});

test("says which of the two does not fit", () => {
  const pair = (images: Idx, labels: Idx) => () => imageSet(images, labels, "train");
  const images = idx([2, 28, 28]);
  const labels = idx([2]);
  expect(pair(labels, images)).toThrowErrorMatchingInlineSnapshot(
    `[Error: train: images and labels look swapped, got images of shape [2] and labels of shape [2,28,28]; exchange the two files]`,
  );
  expect(pair(labels, labels)).toThrowErrorMatchingInlineSnapshot(
    `[Error: train: images must have shape [count, height, width], got [2]; check that it is the file of images]`,
  );
  expect(pair(images, images)).toThrowErrorMatchingInlineSnapshot(
    `[Error: train: labels must have shape [count], got [2,28,28]; check that it is the file of labels]`,
  );
  expect(pair(images, idx([3]))).toThrowErrorMatchingInlineSnapshot(
    `[Error: train: every image needs a label, got 2 images and 3 labels; take both files from one set]`,
  );
  expect(pair(images, idx([2], [1, 10]))).toThrowErrorMatchingInlineSnapshot(
    `[Error: train: labels must be 0..9, got 10 for image 1; check that it is the file of labels]`,
  );
  expect(pair(idx([0, 28, 28]), idx([0]))).toThrowErrorMatchingInlineSnapshot(
    `[Error: train: there is nothing to train on, got images of shape [0,28,28]; check the files]`,
  );
});

describe("from files, wherever they are", () => {
  const file = (
    shape: readonly number[],
    length = shape.reduce((a, b) => a * b, 1),
  ): Uint8Array => {
    const bytes = new Uint8Array(4 + 4 * shape.length + length);
    bytes.set([0, 0, 8, shape.length]);
    shape.forEach((n, axis) => new DataView(bytes.buffer).setUint32(4 + 4 * axis, n));
    return bytes;
  };
  const four = (images = gzipSync(file([3, 2, 4]))): Record<string, Uint8Array> => ({
    "train-images-idx3-ubyte.gz": images,
    "train-labels.idx1-ubyte": file([3]),
    "t10k-images.idx3-ubyte.gz": gzipSync(file([2, 2, 4])),
    "t10k-labels-idx1-ubyte": file([2]),
    "README.md": new Uint8Array(),
  });
  const message = (files: Record<string, Uint8Array>): Promise<string> =>
    readMnist(filesOf(files)).then(
      () => "no error",
      (error: unknown) => (error as Error).message,
    );

  test("read", async () => {
    const { train, test: held, source } = await readMnist(filesOf(four()));
    expect([source, train.count, held.count]).toEqual(["memory", 3, 2]);
    expect([train.height, train.width]).toEqual([2, 4]);
  });

  test("a file that expands to more than its header says is not expanded", async () => {
    const lie = file([3, 2, 4], 50_000_000);
    expect(await message(four(gzipSync(lie, { level: 1 })))).toMatchInlineSnapshot(
      `"memory/train-images-idx3-ubyte.gz: expected at most 40 bytes, got more when decompressing; replace it with an intact copy"`,
    );
    const modest = file([3, 2, 4], 25);
    expect(await message(four(gzipSync(modest)))).toMatchInlineSnapshot(
      `"memory/train-images-idx3-ubyte.gz: expected at most 40 bytes, got more when decompressing; replace it with an intact copy"`,
    );
    const garbage = new Uint8Array(50_000_000).fill(65);
    expect(await message(four(gzipSync(garbage, { level: 1 })))).toMatchInlineSnapshot(
      `"memory/train-images-idx3-ubyte.gz: not an IDX file, got first bytes 41 41 instead of 00 00; check that it is the right file"`,
    );
    const huge = file([4_000_000, 2000, 1000], 100);
    expect(await message(four(gzipSync(huge)))).toMatchInlineSnapshot(
      `"memory/train-images-idx3-ubyte.gz: truncated, expected 8000000000000 values for shape [4000000,2000,1000], got 100; download it again"`,
    );
  });

  test("damaged ones are told", async () => {
    expect(await message(four(gzipSync(file([3, 2, 4])).subarray(0, 20)))).toMatchInlineSnapshot(
      `"memory/train-images-idx3-ubyte.gz: cannot decompress, got damaged or truncated gzip data; replace it with an intact copy"`,
    );
    const { "train-labels.idx1-ubyte": _, ...three } = four();
    expect(await message(three)).toMatchInlineSnapshot(
      `"memory: expected MNIST's four files (or the same with .gz), got no train-labels-idx1-ubyte; add what is missing"`,
    );
  });
});
