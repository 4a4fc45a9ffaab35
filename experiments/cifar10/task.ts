/** CIFAR-10 as a task: the paper's main experiment (section 5.1), with the settings of its authors' code. */
import { gatherRows, stepRate, type ImageSet } from "../../src/index.ts";
import { loadCifar10, nodeDoor, nodeRuntime } from "../../src/node/index.ts";
import { errorRate, labelled } from "../classification.ts";
import { optimizerOf, scheduleOf, stepsOf } from "../training/config.ts";
import type { DataSet, Preset, Task } from "../training/task.ts";
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

export const cifar10: Task = {
  name: "cifar10",
  dataHelp:
    "a folder with CIFAR-10's six binary files, or cifar-10-binary.tar.gz (default: downloaded once, 170 MB)",
  presets: {
    // A third of the width, less dropout for less capacity, and few epochs: some five minutes an arm on two cores.
    // Rate and beta1 are what a short run bears: at 0.003, plain's loss jumped from 1.3 to 82,000 when beta1 fell to 0.5.
    small: {
      epochs: 3,
      batchSize: 100,
      lr: [0.001],
      optimizer: "adam",
      heldOut: 0.1,
      target: 0.3,
      network: { width: 32, noise: 0.15, drop: 0.2 },
    },
    paper,
  },
  measures: errorRate,
  async load({ dataDir, threads, onProgress = () => undefined }) {
    const { train, test, source } = await loadCifar10({
      ...(dataDir === undefined ? {} : { dataDir }),
      onProgress: (received, total) => onProgress("downloading CIFAR-10", received / total),
    });
    const sets = await whitened([train, test], {
      runtime: nodeRuntime(threads === undefined ? {} : { threads }),
      door: nodeDoor(),
      onProgress: (done) => onProgress("fitting the whitening, once", done),
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

const images = (set: ImageSet, pixels: Float32Array): DataSet =>
  labelled({
    shape: [set.channels, set.height, set.width],
    labels: set.labels,
    pixels: (rows) => gatherRows(pixels, PIXELS, rows),
  });
