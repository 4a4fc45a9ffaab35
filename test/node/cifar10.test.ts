/** CIFAR-10 from every place that it may lie in, and what is said where it does not. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createTar } from "nanotar";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCifar10 } from "../../src/node/cifar10.ts";

const NAMES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`).concat("test_batch.bin");
const records = (label: number, count = 1): Uint8Array =>
  new Uint8Array(count * 3073).map((_, i) => (i % 3073 === 0 ? label : 0));

let root: string;
const at = (...path: string[]): string => join(root, ...path);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "weightnorm-cifar10-"));
  await mkdir(at("whole/cifar-10-batches-bin"), { recursive: true });
  await mkdir(at("archive"));
  await mkdir(at("some"));
  await mkdir(at("no-test/cifar-10-batches-bin"), { recursive: true });
  await mkdir(at("cut"));
  for (const [i, name] of NAMES.entries()) {
    await writeFile(at("whole/cifar-10-batches-bin", name), records(i));
    if (i > 1) await writeFile(at("some", name), records(i));
    if (i < 5) await writeFile(at("no-test/cifar-10-batches-bin", name), records(i));
    await writeFile(at("cut", name), records(i, i === 3 ? 1 : 2));
  }
  const files = NAMES.map((name, i) => ({
    name: `cifar-10-batches-bin/${name}`,
    data: records(i),
  }));
  const plain = createTar(files);
  const tar = gzipSync(plain);
  await writeFile(at("archive/cifar-10-binary.tar.gz"), tar);
  await writeFile(at("broken.tar.gz"), tar.subarray(0, tar.length / 2));
  await writeFile(at("cut.tar.gz"), gzipSync(plain.subarray(0, 19_000)));
  await writeFile(at("half.tar.gz"), gzipSync(createTar(files.slice(0, 3))));
});
afterAll(() => rm(root, { recursive: true }));

test.each([
  ["the folder of the files", "whole/cifar-10-batches-bin"],
  ["the folder above", "whole"],
  ["the archive", "archive/cifar-10-binary.tar.gz"],
  ["the folder of the archive", "archive"],
])("from %s", async (_, path) => {
  const { train, test: held, source } = await loadCifar10({ dataDir: at(path) });
  expect([...train.labels, ...held.labels]).toEqual([0, 1, 2, 3, 4, 5]);
  expect(source).toBe(at(path));
});

describe("says what is wrong with", () => {
  const message = (path: string): Promise<string> =>
    loadCifar10({ dataDir: at(path) }).then(
      () => "nothing",
      (error: unknown) => (error as Error).message.replaceAll(root, "ROOT"),
    );
  test.each([
    ...["nowhere", "some", "no-test", "cut"],
    ...["broken.tar.gz", "cut.tar.gz", "half.tar.gz"],
  ])("%s", async (path) => {
    expect(await message(path)).toMatchSnapshot();
  });
});
