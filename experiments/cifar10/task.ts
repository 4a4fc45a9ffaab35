/** CIFAR-10 as a task: the paper's main experiment (section 5.1), with the settings of its authors' code. */
import { gatherRows, stepRate, type ImageSet } from "../../src/index.ts";
import type { Experiment } from "../../runs/experiment.ts";
import {
  optimizerOf,
  scheduleOf,
  stepsOf,
  type MinibatchConfig,
  type Preset,
} from "../../runs/minibatch/config.ts";
import { experimentOf } from "../../runs/minibatch/experiment.ts";
import type { DataSet, Task } from "../../runs/minibatch/task.ts";
import { number, whole } from "../../runs/settings.ts";
import { errorRate, labelled } from "../classification.ts";
import { cifar10Places, loadCifar10 } from "../datasets.ts";
import { classifier } from "./model.ts";
import { PIXELS, whitened } from "./whitened.ts";

/** The settings of the authors' code (openai/weightnorm), and the learning rates of the paper's figure 1. */
const paper: Preset = {
  epochs: 200,
  batchSize: 100,
  lr: [0.003],
  lrOf: { plain: [0.0003] },
  fallsByEpoch: true,
  optimizer: "adam",
  lateBeta1: 0.5,
  heldOut: 0.1,
  target: 0.1,
  network: { width: 96, noise: 0.15, drop: 0.5 },
};

export const task: Task = {
  name: "cifar10",
  about: "the paper's network on CIFAR-10 (section 5.1)",
  places: cifar10Places,
  options: {
    width: whole("feature maps of the first layers", { most: 4096 }),
    noise: number("standard deviation of the noise on the input", { most: 100 }),
    drop: number("share of values that are dropped after pooling", {
      scale: 100,
      unit: "%",
      most: 0.99,
    }),
  },
  examples: ["compare cifar10 --preset small", "compare cifar10 --data-dir cifar-10-batches-bin"],
  presets: {
    // A third of the width, less dropout for less capacity, and few epochs: some five minutes an arm on two cores.
    // The rates are each arm's best of four over two epochs (README.md). beta1 is what a short run bears: at 0.003, plain lost
    // all that it had learned when beta1 fell to 0.5.
    small: {
      epochs: 3,
      batchSize: 100,
      lr: [0.003],
      lrOf: { weight: [0.001] },
      optimizer: "adam",
      heldOut: 0.1,
      target: 0.3,
      network: { width: 32, noise: 0.15, drop: 0.2 },
    },
    paper,
  },
  measures: errorRate(10),
  reported: {
    of: "Salimans & Kingma 2016, table 1: 96 and 192 feature maps, 200 epochs",
    test: { plain: 8.43, weight: 8.46, "mean-only": 8.52, batch: 8.05, "weight+mean-only": 7.31 },
  },
  async load(world) {
    const { train, test, source } = await loadCifar10(world);
    const sets = await whitened([train, test], {
      runtime: world.runtime(world.threads),
      door: world.door,
      onProgress: (done) => world.progress("fitting the whitening, once", done),
    });
    const [trainPixels, testPixels] = sets;
    return { train: images(train, trainPixels), test: images(test, testPixels), source };
  },
  network: ([x, labels], { network }) => classifier(x, labels, network),
  // In the authors' code beta1 falls from 0.9 to 0.5 where the rate begins to fall.
  rates: (config, lr) => ({
    lr: scheduleOf(config, lr),
    beta1: stepRate(0.9, [[Math.floor(stepsOf(config) / 2), config.lateBeta1 ?? 0.9]]),
  }),
  optimizer: ({ optimizer }, { lr, beta1 }) => optimizerOf(optimizer, lr, { beta1, inside: true }),
};

export const cifar10: Experiment<MinibatchConfig> = experimentOf(task);

const images = (set: ImageSet, pixels: Float32Array): DataSet =>
  labelled({
    shape: [set.channels, set.height, set.width],
    labels: set.labels,
    pixels: (rows) => gatherRows(pixels, PIXELS, rows),
  });
