import { expect, test } from "vitest";
import type { Idx } from "../../src/data/idx.ts";
import { imageSet } from "../../src/data/mnist.ts";

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
