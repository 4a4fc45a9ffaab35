/** DRAW on binarized MNIST (section 5.3) as a task, with and without attention. */
import { armsOf, clipByNorm, type Arm, type Norm } from "../../src/index.ts";
import type { Experiment } from "../../runs/experiment.ts";
import { optimizerOf, type MinibatchConfig, type Preset } from "../../runs/minibatch/config.ts";
import { experimentOf } from "../../runs/minibatch/experiment.ts";
import type { Task } from "../../runs/minibatch/task.ts";
import { whole } from "../../runs/settings.ts";
import { loadMnist, mnistPlaces } from "../datasets.ts";
import { boundOf, generative, intensities } from "../generative/task.ts";
import { draw as drawModel } from "./model.ts";
import { drawingsOfImages, drawingsOfSamples } from "./pictures.ts";

const sizes = { steps: 10, units: 256, latents: 100, read: 0, write: 0 };
/** The settings of jbornschein/draw, the implementation that the paper used. */
const paper: Preset = {
  epochs: 100,
  batchSize: 100,
  lr: [0.001],
  constantFor: 1,
  optimizer: "adam",
  heldOut: 0.1,
  target: 90,
  network: { ...sizes, peepholes: 1, learnsStart: 1 },
};
const attention = { steps: 64, read: 2, write: 5 };
const small: Preset = {
  ...paper,
  epochs: 3,
  lr: [0.003],
  constantFor: 0.5,
  target: 105,
  network: sizes,
};

/** The norm that gradients are scaled down to where theirs is larger. */
const STEP_CLIPPING = 10;
/** N(0, 0.01^2): what all weights start as. */
const norms = armsOf({ std: 0.01 });

const points = (of: string): ReturnType<typeof whole> =>
  whole(`points a side of the window that is ${of}, 0 for the whole image`, { least: 0, most: 28 });

const yesOrNo = (help: string): ReturnType<typeof whole> =>
  whole(`${help}, 0 or 1 (default: 0)`, { least: 0, most: 1, optional: true });

export const task: Task = {
  name: "draw",
  about: "DRAW, which draws digits step by step (section 5.3)",
  places: mnistPlaces,
  options: {
    steps: whole("steps in which an image is drawn", { most: 1024 }),
    units: whole("units of either LSTM", { most: 65_536 }),
    latents: whole("length of a step's latent vector", { most: 65_536 }),
    read: points("read"),
    write: points("written"),
    peepholes: yesOrNo("whether gates of the LSTMs see their cells"),
    learnsStart: yesOrNo("whether the LSTMs learn their first states"),
  },
  tab: {
    ...{ trainSize: 10_000, testSize: 500, target: 150 },
    network: { steps: 8, units: 128, latents: 20, read: 5, write: 5 },
  },
  examples: ["compare draw --preset small-attention", "sample runs/draw --seed 7"],
  presets: {
    small,
    "small-attention": {
      ...small,
      network: { ...small.network, ...attention, steps: 16, read: 5 },
    },
    paper,
    "paper-attention": {
      ...paper,
      lr: [0.0003],
      network: { ...paper.network, ...attention },
    },
  },
  measures: boundOf(),
  arms: ["plain", "weight"],
  initialization: "as drawn",
  async load(world) {
    const { train, test, source } = await loadMnist(world);
    return { train: intensities(train), test: intensities(test), source };
  },
  norm: (arm: Arm): Norm => norms[arm],
  ...generative((network) => drawModel(network), {
    estimate: { draws: 100, examples: 500, binary: true, measure: boundOf()[0] },
    moreSamples: (drawer, options) =>
      drawingsOfSamples(drawModel(drawer.config.network), drawer, options),
    more: (trained) => drawingsOfImages(drawModel(trained.config.network), trained),
  }),
  optimizer:
    ({ optimizer }, { lr }) =>
    (parameters, gradients) =>
      optimizerOf(optimizer, lr)(parameters, clipByNorm(gradients, STEP_CLIPPING)),
};

export const draw: Experiment<MinibatchConfig> = experimentOf(task);
