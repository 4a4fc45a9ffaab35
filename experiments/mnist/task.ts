/** MNIST as a task: a quick race on a small network. */
import {
  batch,
  imageSize,
  input,
  pixelStatistics,
  type ImageSet,
  type PixelStatistics,
} from "../../src/index.ts";
import type { Experiment } from "../../runs/experiment.ts";
import { optimizerOf, scheduleOf, type MinibatchConfig } from "../../runs/minibatch/config.ts";
import { experimentOf } from "../../runs/minibatch/experiment.ts";
import type { DataSet, Task } from "../../runs/minibatch/task.ts";
import { positive } from "../../runs/settings.ts";
import { answering, errorRate, labelled } from "../classification.ts";
import { loadMnist, mnistPlaces } from "../datasets.ts";
import { classifierLooks } from "../guesses.ts";
import { rasterOf } from "../rasters.ts";
import { asMade, PAD } from "./as-made.ts";
import { classifier, network } from "./model.ts";

export const task: Task = {
  name: "mnist",
  about: "a small convolutional network on MNIST",
  places: mnistPlaces,
  options: { width: positive("how many times as wide as drawn", { most: 64 }) },
  examples: [
    "compare mnist --arms plain,weight --seed 1,2,3",
    "compare mnist --lr 0.0003,0.001,0.003",
  ],
  tab: { epochs: 3, trainSize: 10_000, testSize: 2000 },
  presets: {
    small: {
      epochs: 1,
      batchSize: 100,
      lr: [0.001],
      optimizer: "adam",
      heldOut: 0.1,
      target: 0.015,
      network: { width: 1 },
    },
  },
  measures: errorRate(10),
  async load(world) {
    const { train, test, source, statistics } = await loadMnist(world);
    return { ...normalized(train, test, statistics), source };
  },
  network: ([x, labels], { network }) => classifier(x, labels, network),
  answering: async ({ network: { width } }, world) => {
    const { train, statistics = pixelStatistics(train) } = await loadMnist(world);
    const { channels, height, width: across } = train;
    const { mean, std: deviation } = statistics;
    return {
      input: (size) => input("x", [size, channels, height, across]),
      network: (x) => answering(network(width), x),
      metadata: {
        classes: JSON.stringify(DIGITS),
        preprocessing: JSON.stringify({
          ...{ width: across, height, channels, layout: "NCHW", colours: "light on dark" },
          ...{ values: "(pixel / 255 - mean) / deviation", mean, deviation },
        }),
      },
    };
  },
  looks: classifierLooks(({ network: { width } }) => network(width)),
  rates: (config, lr) => ({ lr: scheduleOf(config, lr) }),
  optimizer: ({ optimizer }, { lr }) => optimizerOf(optimizer, lr),
};

export const mnist: Experiment<MinibatchConfig> = experimentOf(task);

const DIGITS = Array.from({ length: 10 }, (_, i) => String(i));

/** Both sets with the mean and deviation of the training pixels, or of those that they are a part of. */
export function normalized(
  train: ImageSet,
  test: ImageSet,
  statistics: PixelStatistics = pixelStatistics(train),
): { readonly train: DataSet; readonly test: DataSet } {
  const of = (set: ImageSet): DataSet => {
    const { channels, height, width } = set;
    const shape = [channels as 1 | 3, height, width] as const;
    return labelled({
      ...{ shape, labels: set.labels },
      pixels: (rows) => batch(set, rows, statistics).images,
      pictured: {
        ...{ size: PAD, inverted: true, classes: DIGITS },
        picture: (row) => rasterOf(set.images, shape, { from: row * imageSize(set) }),
        values(pictures) {
          const images = new Uint8Array(pictures.length * imageSize(set));
          for (const [i, picture] of pictures.entries())
            images.set(asMade(picture, set), i * imageSize(set));
          const rows = Uint32Array.from(pictures.keys());
          return batch({ ...set, images, labels: new Uint8Array(rows.length) }, rows, statistics)
            .images;
        },
      },
    });
  };
  return { train: of(train), test: of(test) };
}
