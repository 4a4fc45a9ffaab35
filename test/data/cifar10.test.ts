import { gzipSync } from "node:zlib";
import { createTar } from "nanotar";
import { describe, expect, test } from "vitest";
import { parseCifar10, readCifar10 } from "../../src/data/cifar10.ts";
import { filesOf } from "./files.ts";

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

describe("from files, wherever they are", () => {
  const NAMES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`).concat("test_batch.bin");
  const six = (folder = ""): Record<string, Uint8Array> =>
    Object.fromEntries(NAMES.map((name, i) => [folder + name, records(i)]));
  const tar = (...more: { readonly name: string; readonly data: Uint8Array }[]): Uint8Array =>
    createTar([
      ...Object.entries(six("cifar-10-batches-bin/")).map(([name, data]) => ({ name, data })),
      ...more,
    ]);
  const archive = (bytes: Uint8Array, name = "cifar-10-binary.tar.gz") => ({ [name]: bytes });
  const labels = async (files: Parameters<typeof readCifar10>[0]): Promise<number[]> => {
    const { train, test: held } = await readCifar10(files);
    return [...train.labels, ...held.labels];
  };
  const message = (files: Record<string, Uint8Array>): Promise<string> =>
    readCifar10(filesOf(files)).then(
      () => "no error",
      (error: unknown) => (error as Error).message,
    );

  test.each([
    ["the files", six()],
    ["a folder in the folder", six("cifar-10-batches-bin/")],
    ["the archive", archive(gzipSync(tar()))],
    ["files rather than the archive", { ...six(), ...archive(new Uint8Array()) }],
  ])("%s", async (_, files) => {
    expect(await labels(filesOf(files))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("an archive of another name, if it is what was given", async () => {
    const files = filesOf(archive(gzipSync(tar()), "mine.tgz"));
    expect(await labels({ ...files, where: () => files.source })).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await message(archive(gzipSync(tar()), "mine.tgz"))).toMatchInlineSnapshot(
      `"memory: expected CIFAR-10's six binary files, got no data_batch_1.bin, no data_batch_2.bin, no data_batch_3.bin, no data_batch_4.bin, no data_batch_5.bin, no test_batch.bin; unpack cifar-10-binary.tar.gz or give the folder that has them"`,
    );
  });

  test("damaged ones are told", async () => {
    const { "test_batch.bin": _, ...five } = six();
    const whole = gzipSync(tar());
    expect([
      await message({}),
      await message(five),
      await message(archive(tar())),
      await message(archive(whole.subarray(0, -100))),
      await message(archive(gzipSync(tar().subarray(0, 4000)))),
      await message(archive(gzipSync(new Uint8Array(20_000)))),
      await message({ ...six(), "test_batch.bin": new Uint8Array(0) }),
    ]).toMatchInlineSnapshot(`
      [
        "memory: expected CIFAR-10's six binary files, got no data_batch_1.bin, no data_batch_2.bin, no data_batch_3.bin, no data_batch_4.bin, no data_batch_5.bin, no test_batch.bin; unpack cifar-10-binary.tar.gz or give the folder that has them",
        "memory: expected CIFAR-10's six binary files, got no test_batch.bin; unpack cifar-10-binary.tar.gz or give the folder that has them",
        "memory/cifar-10-binary.tar.gz: expected gzip-compressed data, got first bytes 63 69 instead of 1f 8b; check that it is the right file",
        "memory/cifar-10-binary.tar.gz: cannot decompress, got damaged or truncated gzip data; replace it with an intact copy",
        "memory/cifar-10-binary.tar.gz: expected data_batch_2.bin in the archive, got no such file; replace it with https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "memory/cifar-10-binary.tar.gz: expected data_batch_1.bin in the archive, got no such file; replace it with https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "memory/test_batch.bin: expected the six files to be equally long, got 0 bytes here and 3073 in data_batch_5.bin; replace what is damaged with an intact copy",
      ]
    `);
  });

  test("an archive that expands to more than CIFAR-10 has is not expanded", async () => {
    const bomb = gzipSync(new Uint8Array(190_000_000).fill(65), { level: 1 });
    expect(await message(archive(bomb))).toMatchInlineSnapshot(
      `"memory/cifar-10-binary.tar.gz: expected at most 185380000 bytes, got more when decompressing; replace it with an intact copy"`,
    );
  });
});
