/** Pictures of the user's own as a task: a folder for every class. */
import { tensor } from "../../../src/index.ts";
import { UsageError, type Experiment, type World } from "../../../runs/experiment.ts";
import type { MinibatchConfig } from "../../../runs/minibatch/config.ts";
import { experimentOf } from "../../../runs/minibatch/experiment.ts";
import type { DataSet, Task } from "../../../runs/minibatch/task.ts";
import { choice, found, list, place, whole } from "../../../runs/settings.ts";
import { word } from "../../../src/train/json.ts";
import { errorRate, labelled } from "../../classification.ts";
import { classifierLooks } from "../../guesses.ts";
import { planesOf, rasterOf } from "../../rasters.ts";
import { newSplit, ownSettings } from "../settings.ts";
import { sized } from "../sizes.ts";
import { checkSame, nameOf } from "../source.ts";
import { splitOf } from "../../../runs/split.ts";
import { tunedPictures } from "../tuned/pictures.ts";
import { pictureFolder, tooFew, type Folder } from "./folder.ts";
import { photosFound, photosTold, VARIATIONS, type PhotosConfig } from "./found.ts";
import { classifier } from "./model.ts";
import { madeForPictures, type PictureOrigin } from "./origin.ts";
import { answeringOf, predictedBy } from "./predict.ts";
import {
  coloursOf,
  decodedAll,
  normalized,
  valuesOf,
  viewOf,
  type Colours,
  type Decoded,
} from "./pixels.ts";

const unit = "pictures";
/** Of all pictures, those that may be unreadable. */
const FEW = 0.05;

const taskOf = (origin: PictureOrigin): Task => ({
  name: origin.name,
  about: origin.about,
  unit,
  places: {
    data: place("photos: the folder, where it is not where it was", { changes: "" }),
    ...origin.places,
  },
  takes: { data: "pictures", ...origin.takes },
  options: origin.options,
  settings: {
    size: whole("pixels of either side that pictures are brought to", {
      ...{ least: 8, most: 512, example: "64", unit: "pixels" },
    }),
    augment: list(
      "what training varies at random: flips, crops (default: nothing)",
      choice("a variation", VARIATIONS, { example: "flips" }),
      { optional: true },
    ),
    ...ownSettings(unit),
    found: found("what the folder decided", photosFound, photosTold),
    ...origin.settings,
  },
  examples: origin.examples ?? [],
  ...(origin.tab ? { tab: origin.tab } : {}),
  presets: { standard: origin.preset },
  measures: errorRate(2),
  decide: (config, world) => decide(origin, config as PhotosConfig, world),
  ...{ load: undecided, network: undecided },
  answering: (config, world) => answeringOf(origin, config as PhotosConfig, world),
  predict: predictedBy(origin),
  rates: origin.rates,
  optimizer: origin.optimizer,
});

export const photos: Experiment<MinibatchConfig> = experimentOf(taskOf(madeForPictures));
/** The same with a trained model of somebody else's. */
export const tunedPhotos: Experiment<MinibatchConfig> = experimentOf(taskOf(tunedPictures));

function undecided(): never {
  throw new Error("photos: expected a task that its data have decided, got none; open it first");
}

async function decide(
  origin: PictureOrigin,
  config: PhotosConfig,
  world: World,
): Promise<{ readonly task: Task; readonly config: PhotosConfig }> {
  if (!("data" in world.places))
    throw new UsageError(
      "photos: expected a folder, got none; name it, as in weightnorm train ./photos",
    );
  const path = world.places["data"];
  const files = await world.door.at(path);
  const where = files.where("");
  const folder = pictureFolder(files);
  const body = await origin.open(config, world);
  const decoded = await decodedAll(files, folder.pictures, body.frame, world);
  checkReadable(decoded, folder, where);
  const source = { name: nameOf(path), count: decoded.pictures.length, sha256: decoded.sha256 };
  checkSame(config.found?.source, source, where);
  if (!config.found) {
    for (const what of folder.ignored) world.say?.(`${where}: left out ${what}`);
    for (const what of decoded.unreadable) world.say?.(`${what}; left out`);
  }
  // Of a run that goes on, its configuration says which class is which.
  const classes = config.found?.classes ?? folder.classes;
  checkClasses(classes, folder, where);
  const labels = Uint8Array.from(decoded.pictures, ({ label }) =>
    classes.indexOf(folder.classes[label]),
  );
  const split = config.found?.split ?? newSplit(config);
  const parts = splitOf(labels, split);
  const { mean, deviation } = config.found ?? body.colours ?? coloursOf(decoded, parts.train);
  const colours = { mean, deviation };
  const data = (rows: Uint32Array): DataSet =>
    pictures(decoded, { colours, classes, labels, rows }, config);
  const count = (set: Uint32Array, label: number): number =>
    set.filter((row) => labels[row] === label).length;
  const layer = body.layer(classes.length);
  const counts = classes.map((_, label) => count(parts.train, label));
  const frequent = counts.indexOf(Math.max(...counts));
  return {
    config: {
      ...sized(config, parts.train.length, origin.sizes),
      size: body.side,
      found: config.found ?? {
        ...{ source, split, classes, mean, deviation },
        ...(body.model ? { model: body.model.found } : {}),
      },
    },
    task: {
      ...taskOf(origin),
      measures: [
        { ...errorRate(2)[0], chance: 1 - count(parts.test, frequent) / parts.test.length },
      ],
      facts: [["classes", classes.length > 20 ? classes.length : classes.join(", ")]],
      load: () =>
        Promise.resolve({ train: data(parts.train), test: data(parts.test), source: where }),
      network: (inputs) => classifier(layer, inputs),
      looks: classifierLooks(() => layer),
    },
  };
}

/** Throws for a folder of which a run knows no class. */
function checkClasses(classes: readonly string[], folder: Folder, where: string): void {
  const other = folder.classes.find((name) => !classes.includes(name));
  if (other !== undefined)
    throw new Error(
      `${where}/${word(other)}: expected folders of the classes that the run tells apart, got another; mend the run's config.json or start a new run`,
    );
}

function checkReadable(
  { pictures: read, unreadable }: Decoded,
  { classes, pictures: all }: Folder,
  where: string,
): void {
  if (unreadable.length > Math.max(1, FEW * all.length))
    throw new Error(
      `${unreadable[0]}; ${unreadable.length} of ${all.length} pictures in ${where} are like that, so mend them or take them out`,
    );
  const lonely = classes.find((_, label) => read.filter((p) => p.label === label).length < 2);
  if (lonely !== undefined) throw tooFew(where, lonely);
}

interface Part {
  readonly colours: Colours;
  readonly classes: readonly string[];
  readonly labels: Uint8Array;
  readonly rows: Uint32Array;
}
/** Some of the pictures, varied where training asks for it. */
function pictures(
  decoded: Decoded,
  { colours, classes, labels, rows }: Part,
  { augment = [] }: PhotosConfig,
): DataSet {
  const { frame } = decoded;
  const shape = [frame.channels, frame.height, frame.width] as const;
  const at = (wanted: Uint32Array): Uint32Array => wanted.map((i) => rows[i]);
  const set = labelled({
    shape,
    labels: Uint8Array.from(rows, (row) => labels[row]),
    pixels: (wanted) => normalized(decoded, colours, at(wanted)),
    pictured: {
      ...{ size: frame, inverted: false, classes },
      picture: (row) => rasterOf(decoded.bytes, shape, { from: rows[row] * valuesOf(frame) }),
      values(others) {
        const bytes = new Uint8Array(others.length * valuesOf(frame));
        for (const [i, other] of others.entries()) bytes.set(planesOf(other), i * valuesOf(frame));
        return normalized({ bytes, frame }, colours, Uint32Array.from(others.keys()));
      },
    },
  });
  if (augment.length === 0) return set;
  return {
    ...set,
    varied: (wanted, key) => ({
      ...set.feeds(wanted),
      x: tensor(
        normalized(decoded, colours, at(wanted), (row) => viewOf(row, frame, { augment, key })),
        [wanted.length, ...shape],
      ),
    }),
  };
}
