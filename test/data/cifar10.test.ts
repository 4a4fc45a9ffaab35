import { describe, expect, test } from "vitest";
import { parseCifar10 } from "../../src/data/cifar10.ts";

/** Records of the given labels, record i's pixels all i. */
const records = (...labels: number[]): Uint8Array => {
  const bytes = new Uint8Array(labels.length * 3073);
  labels.forEach((label, i) => bytes.fill(i, i * 3073).fill(label, i * 3073, i * 3073 + 1));
  return bytes;
};

test("images and labels of several files, in order", () => {
  const set = parseCifar10([
    { where: "a", bytes: records(3, 9) },
    { where: "b", bytes: records(0) },
  ]);
  expect(set).toMatchObject({ count: 3, channels: 3, height: 32, width: 32 });
  expect([...set.labels]).toEqual([3, 9, 0]);
  expect([0, 3071, 3072, 6144].map((i) => set.images[i])).toEqual([0, 0, 1, 0]);
});

describe("refuses", () => {
  test.each([
    ["a truncated file", records(1).subarray(0, 3000)],
    ["an empty file", new Uint8Array(0)],
    ["labels that are none", records(1, 10)],
  ])("%s", (_, bytes) => {
    expect(() =>
      parseCifar10([{ where: "data_batch_1.bin", bytes }]),
    ).toThrowErrorMatchingSnapshot();
  });
});
