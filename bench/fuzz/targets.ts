/** Everything that reads a file, each with small files that it reads: what `fuzzParsers` damages. */
import { gzipSync } from "node:zlib";
import { createTar } from "nanotar";
import {
  decodeCheckpoint,
  decodeSafetensors,
  encodeCheckpoint,
  encodeSafetensors,
  gunzip,
  parseIdx,
  parseJson,
  readCifar10,
  readMnist,
  tensor,
  type Files,
  type Tensor,
} from "../../src/index.ts";
import { parseLog } from "../../src/node/log.ts";
import { crc32 } from "../../src/train/checkpoint.ts";
import { contentOf, fileOf, models, parseModel } from "./models.ts";

export interface Target {
  readonly name: string;
  /** Whole files, or what `wrap` makes a whole file of. */
  readonly samples: readonly Uint8Array[];
  /** Puts damaged content into a container that is whole: compressed, with its length, with its checksum. */
  readonly wrap?: (content: Uint8Array) => Uint8Array;
  /** Reads it, or throws an error whose message starts with `where`; throws `Unsound` for a result that should not have been. */
  readonly parse: (file: Uint8Array, where: string) => unknown;
}

/** Something was read that cannot be. */
export class Unsound extends Error {
  override readonly name = "Unsound";
}
function sound(condition: boolean, what: string): void {
  if (!condition) throw new Unsound(what);
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const lines = (bytes: Uint8Array): readonly string[] =>
  Buffer.from(bytes).toString("utf8").split("\n");

const idx = (...shape: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(4 + 4 * shape.length + shape.reduce((a, b) => a * b, 1)).fill(1);
  bytes.set([0, 0, 8, shape.length]);
  shape.forEach((n, axis) => new DataView(bytes.buffer).setUint32(4 + 4 * axis, n));
  return bytes;
};

const filesOf = (content: Readonly<Record<string, Uint8Array>>, where: string): Files => ({
  source: where,
  names: Object.keys(content),
  where: (name) => (name === "" ? where : `${where}/${name}`),
  read: (name) => Promise.resolve(content[name]),
});
const MNIST = {
  "train-images-idx3-ubyte": idx(3, 2, 2),
  "train-labels-idx1-ubyte": idx(3),
  "t10k-images-idx3-ubyte": idx(2, 2, 2),
  "t10k-labels-idx1-ubyte": idx(2),
};
const mnist = (files: Readonly<Record<string, Uint8Array>>, where: string): Promise<unknown> =>
  readMnist(filesOf({ ...MNIST, ...files }, where)).then(({ train }) => {
    sound(
      train.images.length === train.count * train.height * train.width,
      "images of other sizes",
    );
    sound(train.labels.length === train.count, "other labels than images");
  });

const BATCHES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`).concat("test_batch.bin");
const batch = (label: number): Uint8Array => new Uint8Array(3073).fill(label);
const tar = createTar(
  BATCHES.map((name, i) => ({ name: `cifar-10-batches-bin/${name}`, data: batch(i) })),
);
const cifar = (files: Readonly<Record<string, Uint8Array>>, where: string): Promise<unknown> =>
  readCifar10(filesOf(files, where)).then(({ train, test }) => {
    sound(
      train.images.length === train.count * 3072 && train.labels.length === train.count,
      "sizes",
    );
    sound(
      [...train.labels, ...test.labels].every((label) => label <= 9),
      "labels above 9",
    );
  });

const tensors = new Map<string, Tensor>([
  ["dense/v", tensor([1, 2, 3, 4, 5, 6], [2, 3])],
  ["ok", tensor([1, 0], [2], "bool")],
  ["step", tensor([7], [], "int32")],
]);
const safetensors = [
  encodeSafetensors(tensors, { format: "pt" }),
  encodeSafetensors(new Map([["a", tensor([1])]])),
  ofOthers(),
];
/** Types that we do not write: some that are read, and one that is not. */
function ofOthers(): Uint8Array {
  const header = utf8(
    JSON.stringify({
      bytes: { dtype: "U8", shape: [2], data_offsets: [0, 2] },
      small: { dtype: "F8_E4M3", shape: [2], data_offsets: [2, 4] },
      later: { dtype: "F4", shape: [3, 2], data_offsets: [4, 7] },
    }),
  );
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return Uint8Array.from([...length, ...header, 1, 2, 3, 4, 5, 6, 7]);
}
const headerOf = (file: Uint8Array): Uint8Array =>
  file.subarray(8, 8 + Number(new DataView(file.buffer).getBigUint64(0, true)));
/** With the header's true length, and the data of the first sample. */
const withHeader = (header: Uint8Array): Uint8Array => {
  const [whole] = safetensors;
  const data = whole.subarray(8 + headerOf(whole).length);
  const file = new Uint8Array(8 + header.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  file.set(data, 8 + header.length);
  return file;
};
const checkSafetensors = (file: Uint8Array, where: string): void => {
  const { tensors: read, metadata, skipped } = decodeSafetensors(file, where);
  sound(
    skipped.every(({ name }) => !read.has(name)),
    "a tensor that was skipped and read",
  );
  for (const { shape, data } of read.values())
    sound(
      shape.reduce((a, b) => a * b, 1) === data.length,
      "a tensor of another size than its shape",
    );
  sound(
    Object.values(metadata).every((x) => typeof x === "string"),
    "metadata that are no text",
  );
};

const config = { arm: "weight", lr: 3e-4, layers: [500, 500], network: { width: 1 }, resume: null };
const progress = { epochs: [{ step: 5, test: { error: 0.1 } }], best: 0.0123, done: false };
const checkpoint = encodeCheckpoint({ state: tensors, step: 1200, seed: 7, config, progress });
/** Four lines as the metadata of a checkpoint whose checksum is right. */
const signed = (content: Uint8Array): Uint8Array => {
  const [step, seed, settings, measured] = lines(content);
  const metadata: Record<string, string> = { format: "weightnorm-checkpoint/1", crc32: "" };
  for (const [key, text] of Object.entries({ step, seed, config: settings, progress: measured }))
    if ((text as string | undefined) !== undefined) metadata[key] = text;
  const sum = crc32(encodeSafetensors(tensors, metadata)).toString(16).padStart(8, "0");
  return encodeSafetensors(tensors, { ...metadata, crc32: sum });
};
const checkCheckpoint = (file: Uint8Array, where: string): void => {
  const { step, seed, config: settings } = decodeCheckpoint(file, where);
  sound(Number.isSafeInteger(step) && step >= 0, `a step of ${step}`);
  sound(Number.isSafeInteger(seed) && seed >= 0, `a seed of ${seed}`);
  sound(typeof settings === "object" && !Array.isArray(settings), "a configuration that is none");
  JSON.stringify(settings); // which descends
};

const log = [
  { type: "opened", time: "2026-01-01T00:00:00Z", machine: { cpu: "x", threads: 2 } },
  {
    type: "point",
    arm: "weight",
    seed: 1,
    lr: 0.001,
    step: 10,
    values: { loss: 0.5, error: null },
  },
  { type: "finished", arm: "weight", seed: 1, lr: 0.001, step: 20, wall: 1.5 },
]
  .map((record) => `${JSON.stringify(record)}\n`)
  .join("");
/** Nothing in a log is an error. */
const checkLog = (file: Uint8Array): void => {
  const { records, torn } = parseLog(file);
  sound(records.length + torn <= file.length, "more lines than bytes");
  for (const record of records) {
    sound(typeof record === "object" && !Array.isArray(record), "a record that is none");
    JSON.stringify(record);
  }
};

/** What models of others are read by: bytes, and messages within them that are damaged one by one. */
export const modelTargets: readonly Target[] = [
  { name: "ONNX", samples: Object.values(models), parse: parseModel },
  {
    name: "ONNX, messages",
    samples: Object.values(models).map(contentOf),
    wrap: fileOf,
    parse: parseModel,
  },
];

/** A parser that reads anything from outside belongs here. */
export const targets: readonly Target[] = [
  {
    name: "IDX",
    samples: [idx(3, 2, 2), idx(5), idx()],
    parse: (file, where) => {
      const { shape, data } = parseIdx(file, where);
      sound(shape.reduce((a, b) => a * b, 1) === data.length, "values of another number");
    },
  },
  {
    name: "MNIST",
    samples: [MNIST["train-images-idx3-ubyte"], MNIST["train-labels-idx1-ubyte"]],
    parse: (file, where) => mnist({ "train-images-idx3-ubyte": file }, where),
  },
  {
    name: "MNIST's labels",
    samples: [MNIST["train-labels-idx1-ubyte"], MNIST["train-images-idx3-ubyte"]],
    parse: (file, where) => mnist({ "train-labels-idx1-ubyte": file }, where),
  },
  {
    name: "MNIST, compressed",
    samples: [MNIST["t10k-images-idx3-ubyte"], new Uint8Array(2_000_000)],
    wrap: (content) => gzipSync(content, { level: 1 }),
    parse: (file, where) => {
      const { "t10k-images-idx3-ubyte": _, ...others } = MNIST;
      return readMnist(filesOf({ ...others, "t10k-images-idx3-ubyte.gz": file }, where));
    },
  },
  {
    name: "gzip",
    samples: [gzipSync(idx(3, 2, 2)), gzipSync(new Uint8Array(100_000))],
    parse: async (file, where) => {
      const bytes = await gunzip(file, { where, most: 10_000 });
      sound(bytes.length <= 10_000, `${bytes.length} bytes of 10000`);
    },
  },
  {
    name: "CIFAR-10",
    samples: [batch(1)],
    parse: (file, where) =>
      cifar(Object.fromEntries(BATCHES.map((name, i) => [name, i === 2 ? file : batch(i)])), where),
  },
  {
    name: "CIFAR-10's archive",
    samples: [tar],
    wrap: (content) => gzipSync(content, { level: 1 }),
    parse: (file, where) => cifar({ "cifar-10-binary.tar.gz": file }, where),
  },
  { name: "safetensors", samples: safetensors, parse: checkSafetensors },
  {
    name: "safetensors, headers",
    samples: safetensors.map(headerOf),
    wrap: withHeader,
    parse: checkSafetensors,
  },
  { name: "checkpoint", samples: [checkpoint], parse: checkCheckpoint },
  {
    name: "checkpoint, signed",
    samples: [utf8(["1200", "7", JSON.stringify(config), JSON.stringify(progress)].join("\n"))],
    wrap: signed,
    parse: checkCheckpoint,
  },
  {
    name: "JSON",
    samples: [utf8(JSON.stringify(config)), utf8(JSON.stringify(progress, null, 2))],
    parse: (file, where) => {
      JSON.stringify(parseJson(Buffer.from(file).toString("utf8"), where));
    },
  },
  { name: "log.jsonl", samples: [utf8(log)], parse: checkLog },
  ...modelTargets,
];
