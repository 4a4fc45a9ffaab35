/** The paper's convolutional VAEs (section 5.2) as tasks: on MNIST, and on CIFAR-10. */
import type { Experiment } from "../../runs/experiment.ts";
import type { MinibatchConfig, Preset } from "../../runs/minibatch/config.ts";
import { experimentOf } from "../../runs/minibatch/experiment.ts";
import type { Task } from "../../runs/minibatch/task.ts";
import { whole } from "../../runs/settings.ts";
import { cifar10Places, loadCifar10, loadMnist, mnistPlaces } from "../datasets.ts";
import { boundOf, generative, intensities } from "../generative/task.ts";
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

const width = whole("feature maps at full size", { most: 1024 });

export const mnistTask: Task = {
  name: "vae",
  about: "a convolutional VAE on MNIST (section 5.2)",
  places: mnistPlaces,
  options: {
    width,
    hidden: whole("units of the fully connected layers", { most: 65_536 }),
    latents: whole("length of the latent vector", { most: 65_536 }),
  },
  // Two latents are all that two sliders can reach.
  tab: {
    // Averages that follow fast, so that something is to be seen after a hundred steps.
    ...{ trainSize: 10_000, testSize: 1000, target: 160, average: 0.98 },
    lr: paper.lr, // the rates of small were found on its network
    network: { width: 8, hidden: 128, latents: 2 },
  },
  examples: ["compare vae --seed 1,2,3", "sample runs/vae --count 100"],
  presets: {
    small: {
      ...paper,
      epochs: 3,
      lrOf: { plain: [0.004] }, // each arm's best of three over two epochs (README.md); weight's is the paper's
      average: 0.995,
      target: 100,
    },
    paper,
  },
  measures: boundOf(),
  arms: ["plain", "weight"],
  async load(world) {
    const { train, test, source } = await loadMnist(world);
    return { train: intensities(train), test: intensities(test), source };
  },
  ...generative((network) => mnistVae(network), {
    estimate: { draws: 100, examples: 500, binary: true, measure: nats },
  }),
};

export const vae: Experiment<MinibatchConfig> = experimentOf(mnistTask);

const DIMENSIONS = 3 * 32 * 32;
const bits = boundOf(DIMENSIONS);

export const cifar10Task: Task = {
  name: "vae-cifar10",
  about: "a VAE of several stochastic layers on CIFAR-10",
  places: cifar10Places,
  options: {
    width,
    maps: whole("latent maps of every stochastic layer", { most: 1024 }),
    layers: whole("stochastic layers", { most: 5 }),
  },
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
  async load(world) {
    const { train, test, source } = await loadCifar10(world);
    return { train: intensities(train), test: intensities(test), source };
  },
  ...generative((network) => cifar10Vae(network), {
    estimate: { draws: 50, examples: 200, binary: false, measure: bits[0] },
  }),
};

export const vaeCifar10: Experiment<MinibatchConfig> = experimentOf(cifar10Task);
