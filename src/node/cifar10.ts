/** CIFAR-10 in Node. */
import { cifar10Files, readCifar10, type Cifar10 } from "../data/cifar10.ts";
import { nodeDoor } from "./door.ts";
import type { DownloadProgress } from "./download.ts";

/** Options of {@link loadCifar10}. */
export interface Cifar10Options {
  /** The folder of the six .bin files, all equally long, or of cifar-10-binary.tar.gz, or one above; or that archive itself. */
  readonly dataDir?: string;
  /** While it is downloaded, which it is where no `dataDir` is given. */
  readonly onProgress?: DownloadProgress;
}

/** Training and test set. */
export const loadCifar10 = async ({ dataDir, onProgress }: Cifar10Options = {}): Promise<Cifar10> =>
  readCifar10(await cifar10Files(nodeDoor(), dataDir, onProgress));
