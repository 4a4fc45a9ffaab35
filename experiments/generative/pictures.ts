/** What a generative model makes, to look at: samples, reconstructions, ways through the space of latents. */
import {
  hash,
  input,
  keyOf,
  keyTensor,
  ops,
  trace,
  type Node,
  type ProgramSpec,
  type Scope,
  type Tensor,
} from "../../src/index.ts";
import type { Picture } from "../../runs/experiment.ts";
import type { TrainedModel } from "../../runs/minibatch/task.ts";
import { keptPrograms, type KeptPrograms } from "../../runs/on-demand.ts";
import type { GenerativeModel } from "./model.ts";
import { tile, type Images } from "./raster.ts";

type Model = Pick<GenerativeModel, "image" | "latents" | "sample" | "reconstruct">;
/** What a picture that needs no data needs. */
export type Drawer = Omit<TrainedModel, "data" | "onProgress"> & Keeping;
/** Where programs are kept that are asked again; else they are released. */
export interface Keeping {
  readonly programs?: KeptPrograms;
}

/** How many samples, and the uint32 [2] key that decides which. */
export interface SampleRequest {
  readonly count: number;
  readonly key: Tensor;
}

/** `count` images from the prior, about as many rows as columns. */
export async function samples(
  model: Pick<Model, "sample">,
  drawer: Drawer,
  { count, key }: SampleRequest,
): Promise<Picture> {
  const images = await drawn(drawer, (scope) => ({ images: model.sample(scope, count) }), {
    ...{ name: `${count} samples`, key },
  });
  return {
    name: "samples",
    caption: "Images drawn from the prior: the means of their pixels.",
    frames: [tile(imagesOf(images["images"]), { columns: Math.ceil(Math.sqrt(count)) })],
  };
}

const PAIRS = { count: 32, columns: 8 };

/** Test images and below each what the model makes of it. */
export async function reconstructions(
  model: Model,
  trained: Drawer & Pick<TrainedModel, "data">,
): Promise<Picture> {
  const count = Math.min(PAIRS.count, trained.data.test.count);
  const x = input("x", [count, ...model.image]);
  const feeds = trained.data.test.feeds(Uint32Array.from({ length: count }, (_, i) => i));
  const { images } = await drawn(trained, (scope) => ({ images: model.reconstruct(scope, x) }), {
    ...{ name: "reconstructions", key: pictureKey(trained) },
    ...{ inputs: [x], feeds },
  });
  const columns = Math.min(PAIRS.columns, count);
  return {
    name: "reconstructions",
    caption: "Test images, and below each what the model makes of it.",
    frames: [tile(interleaved(imagesOf(feeds["x"]), imagesOf(images), columns), { columns })],
  };
}

const WAYS = { rows: 6, columns: 12 };

/** Rows that lead from one latent vector to another and on, along circles z = a cos t + b sin t: wherever they pass is as likely as a sample. */
export async function traversals(
  model: Pick<Model, "latents">,
  trained: Drawer,
  decode: GenerativeModel["decode"],
): Promise<Picture> {
  const { rows, columns } = WAYS;
  const key = keyOf(trained.seed, "traversals");
  const normal = (i: number): number => {
    const [u, v] = [2 * i, 2 * i + 1].map((n) => (hash(n, key) + 0.5) / 2 ** 32);
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v); // Box and Muller
  };
  const n = model.latents;
  const ends = Float64Array.from({ length: rows * 2 * n }, (_, i) => normal(i));
  const z = Float64Array.from({ length: rows * columns * n }, (_, i) => {
    const [row, column] = [Math.floor(i / (columns * n)), Math.floor(i / n) % columns];
    const angle = (Math.PI * column) / columns;
    const [a, b] = [0, 1].map((end) => ends[(row * 2 + end) * n + (i % n)]);
    return a * Math.cos(angle) + b * Math.sin(angle);
  });
  const { images } = await drawn(
    trained,
    (scope) => ({ images: decode(scope, ops.constant(z, [rows * columns, n])) }),
    { name: "traversals", key: pictureKey(trained) },
  );
  return {
    name: "traversals",
    caption:
      "Every row leads through the space of latents along half a circle, on which each point is as likely as a sample.",
    frames: [tile(imagesOf(images), { columns })],
  };
}

/** The noise of a report's pictures. */
export const pictureKey = ({ seed }: Pick<Drawer, "seed">): Tensor => keyTensor(seed, "pictures");

export interface DrawnOptions {
  /** What the program is kept by. */
  readonly name: string;
  readonly key: Tensor;
  readonly inputs?: readonly ReturnType<typeof input>[];
  readonly feeds?: Record<string, Tensor>;
}
/** The values of what `f` traces in mode `eval`, with noise from the key. */
export async function drawn(
  { norm, state, runtime, programs }: Pick<Drawer, "norm" | "state" | "runtime" | "programs">,
  f: (scope: Scope) => Readonly<Record<string, Node>>,
  { name, key: noise, inputs = [], feeds = {} }: DrawnOptions,
): Promise<Readonly<Record<string, Tensor>>> {
  const key = input("key", [2], "uint32");
  const spec = (): ProgramSpec => {
    const { value: outputs } = trace(f, { mode: "eval", norm, key });
    return { inputs: [...inputs, key], outputs };
  };
  const kept = programs ?? keptPrograms(runtime);
  const made = kept.of(name, spec).run({ ...feeds, key: noise }, state);
  return programs ? made : made.finally(kept.release);
}

/** A tensor [count, c, h, w] as images. */
export const imagesOf = ({ shape, data }: Tensor): Images => ({
  shape: shape as Images["shape"],
  values: data,
});

/** A row of `a`, the same row of `b`, the next of `a`, and so on. */
function interleaved(a: Images, b: Images, columns: number): Images {
  const [count, c, h, w] = a.shape;
  const size = c * h * w;
  const rows = Math.ceil(count / columns);
  const values = new Float32Array(2 * rows * columns * size).fill(1); // white where a last row is not full
  for (let i = 0; i < count; i++) {
    const [row, column] = [Math.floor(i / columns), i % columns];
    for (const [k, { values: from }] of [a, b].entries())
      for (let j = 0; j < size; j++)
        values[((2 * row + k) * columns + column) * size + j] = from[i * size + j];
  }
  return { shape: [2 * rows * columns, c, h, w], values };
}
