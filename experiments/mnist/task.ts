/** MNIST as a task: a quick race on a small network. */
import { batch, pixelStatistics, type ImageSet } from "../../src/index.ts";
import type { Experiment } from "../../runs/experiment.ts";
import { optimizerOf, scheduleOf, type MinibatchConfig } from "../../runs/minibatch/config.ts";
import { experimentOf } from "../../runs/minibatch/experiment.ts";
import type { DataSet, Task } from "../../runs/minibatch/task.ts";
import { positive } from "../../runs/settings.ts";
import { errorRate, labelled } from "../classification.ts";
import { loadMnist, mnistPlaces } from "../datasets.ts";
import { classifier } from "./model.ts";

export const task: Task = {
  name: "mnist",
  about: "a small convolutional network on MNIST",
  places: mnistPlaces,
  options: { width: positive("how many times as wide as drawn", { most: 64 }) },
  examples: [
    "compare mnist --arms plain,weight --seed 1,2,3",
    "compare mnist --lr 0.0003,0.001,0.003",
  ],
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
    const { train, test, source } = await loadMnist(world);
    return { ...normalized(train, test), source };
  },
  network: ([x, labels], { network }) => classifier(x, labels, network),
  rates: (config, lr) => ({ lr: scheduleOf(config, lr) }),
  optimizer: ({ optimizer }, { lr }) => optimizerOf(optimizer, lr),
};

export const mnist: Experiment<MinibatchConfig> = experimentOf(task);

/** Both sets with the mean and deviation of the training pixels. */
export function normalized(
  train: ImageSet,
  test: ImageSet,
): { readonly train: DataSet; readonly test: DataSet } {
  const statistics = pixelStatistics(train);
  const of = (set: ImageSet): DataSet =>
    labelled({
      shape: [set.channels, set.height, set.width],
      labels: set.labels,
      pixels: (rows) => batch(set, rows, statistics).images,
    });
  return { train: of(train), test: of(test) };
}
