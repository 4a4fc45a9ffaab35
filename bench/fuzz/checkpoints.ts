/** Checkpoints of others, which are opened, read to the last byte, folded and written again: nothing of it may run, hang or take all memory. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  compareWeights,
  encodeSafetensors,
  memorySink,
  memorySource,
  openWeights,
  rewriteWeights,
  tensor,
  writeWeights,
  type Beside,
  type Weights,
} from "../../src/index.ts";
import { byteLength, entryOf, type Entry } from "../../src/checkpoints/entry.ts";
import { pieces } from "../../src/checkpoints/source.ts";
import { torchArchive } from "../../src/checkpoints/torch-file.ts";
import { zipFiles, type ZipFile } from "../../src/checkpoints/zip.ts";
import { encodeModel } from "../../src/onnx/proto.ts";
import { Unsound, type Target } from "./targets.ts";

const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(import.meta.dirname, "..", "..", "test", "golden", name)));

const floats = (...values: readonly number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);
const entries: readonly Entry[] = [
  entryOf("conv.weight_v", "F32", [2, 3], () => floats(1, 2, 3, 4, 5, 6)),
  entryOf("conv.weight_g", "F32", [2, 1], () => floats(1, 2)),
  entryOf("half", "F16", [2], () => Uint8Array.of(0, 60, 0, 64)),
  entryOf("step", "I64", [], () => new Uint8Array(8)),
];
async function fileOf(path: string): Promise<Uint8Array> {
  const sink = memorySink();
  await writeWeights(sink, path, entries);
  return sink.bytes();
}

const shard = encodeSafetensors(new Map([["a.weight", tensor([1, 2, 3, 4], [2, 2])]]));
/** The only file that there is. */
const beside: Beside = (name) =>
  name === "a.safetensors"
    ? Promise.resolve(memorySource(shard, "some/file.bin: its shard"))
    : Promise.reject(new Error(`some/file.bin: expected a file beside it, got none; check it`));
const index = new TextEncoder().encode(
  JSON.stringify({ metadata: { total_size: 16 }, weight_map: { "a.weight": "a.safetensors" } }),
);

/** Bytes that tensors may come to: what views of one storage add to it has a bound. */
const MOST_BYTES = 80 * 2 ** 20;
/** Reading such a file takes this long where nothing is wrong; far more is a hang. */
const MOST_MILLISECONDS = 10_000;

async function readAll(weights: Weights, file: Uint8Array, where: string): Promise<void> {
  const start = performance.now();
  const total = weights.entries.reduce((sum, entry) => sum + byteLength(entry), 0);
  if (total > MOST_BYTES + 1032 * file.length) throw new Unsound(`${total} bytes of tensors`);
  const folded = rewriteWeights(weights.entries, { where, scheme: "folded" }).entries;
  for (const list of [weights.entries, folded])
    for (const entry of list) {
      let bytes = 0;
      for await (const piece of entry.chunks()) bytes += piece.length;
      if (bytes !== byteLength(entry)) throw new Unsound(`${bytes} bytes of ${byteLength(entry)}`);
    }
  if (total < 10_000) await writtenAgain(weights, where);
  const took = performance.now() - start;
  if (took > MOST_MILLISECONDS) throw new Unsound(`${took.toFixed(0)} ms`);
}

async function writtenAgain({ entries: list }: Weights, where: string): Promise<void> {
  const known = list.filter(({ name, dtype }) => dtype !== "C128" && name !== "__metadata__");
  const sink = memorySink();
  await writeWeights(sink, `${where}.safetensors`, known);
  const again = await openWeights(memorySource(sink.bytes(), where), beside);
  const { largest, others } = await compareWeights(known, again.entries, { where });
  if (largest > 0 || others.length > 0) throw new Unsound("another file than was read");
}

const opened = async (file: Uint8Array, where: string): Promise<void> =>
  readAll(await openWeights(memorySource(file, where), beside), file, where);

/** A pickle as that of an archive that is whole. */
async function inArchive(pickle: Uint8Array, where: string): Promise<void> {
  const storages = Array.from({ length: 64 }, (_, key) => `archive/data/${key}`);
  const files = new Map([
    ["archive/data.pkl", asFile(pickle, where)],
    ...storages.map((name) => [name, asFile(new Uint8Array(1024), where)] as const),
  ]);
  const source = memorySource(pickle, where);
  await readAll(await torchArchive(source, files, "archive/data.pkl"), pickle, where);
}
const asFile = (bytes: Uint8Array, where: string): ZipFile => ({
  ...{ name: where, size: bytes.length, isStored: true },
  stored: () => Promise.resolve(memorySource(bytes, where)),
  chunks: () => pieces(memorySource(bytes, where)),
});
async function pickleOf(file: Uint8Array): Promise<Uint8Array> {
  const files = await zipFiles(memorySource(file, "sample"));
  const [, pickle] = [...files].find(([name]) => name.endsWith("data.pkl"))!;
  const source = await pickle.stored();
  return source.read(0, source.size);
}

const small = new Float32Array([1, 2, 3, 4]);
const model = encodeModel({
  irVersion: 8,
  graph: {
    initializer: [
      { name: "w", dims: [2, 2], dataType: 1, rawData: new Uint8Array(small.buffer) },
      { name: "ids", dims: [2], dataType: 7, int64Data: [1, -1] },
    ],
    node: [
      {
        ...{ opType: "Constant", output: ["c"] },
        attribute: [{ name: "value", t: { dims: [1], dataType: 1, floatData: [1] } }],
      },
    ],
  },
});

/** What `weightnorm convert` reads. */
export async function checkpointTargets(): Promise<readonly Target[]> {
  const torch = await fileOf("x.pth");
  const pickles = await Promise.all([torch, golden("torch_zip.pth")].map(pickleOf));
  return [
    { name: ".pth", samples: [torch, golden("torch_zip.pth")], parse: opened },
    { name: ".pth, older form", samples: [golden("torch_older.pth")], parse: opened },
    { name: "pickle", samples: pickles, parse: inArchive },
    {
      name: ".npz",
      samples: [await fileOf("x.npz"), golden("numpy_stored.npz"), golden("numpy_deflated.npz")],
      parse: opened,
    },
    { name: ".safetensors", samples: [await fileOf("x.safetensors"), shard], parse: opened },
    { name: "index.json", samples: [index], parse: opened },
    { name: "weights of .onnx", samples: [model], parse: opened },
  ];
}
