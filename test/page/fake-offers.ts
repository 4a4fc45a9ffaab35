/** What the lab that trains nothing has to choose from. */
import type { Control, Offer, Takes, Wish } from "../../page/worker/protocol.ts";
import { ARMS } from "../../runs/records.ts";

const control = (name: string, label: string, rest: Partial<Control>): Control => ({
  ...{ name, label, help: `${label} of a run`, type: "whole", many: false, scale: 1 },
  ...{ value: undefined, changes: false },
  ...rest,
});
export const CONTROLS: readonly Control[] = [
  control("epochs", "epochs", {
    first: true,
    ...{
      value: 2,
      least: 1,
      most: 100_000,
      changes: true,
      help: "passes over the training images",
    },
  }),
  control("batchSize", "batch size", {
    value: 100,
    least: 1,
    unit: "images",
    help: "images a step",
  }),
  control("lr", "learning rate", {
    first: true,
    ...{ type: "positive", many: true, value: [0.001], changes: true },
    help: "of several, e.g. 0.0003,0.003, each arm's best on held-out examples is taken",
  }),
  control("optimizer", "optimizer", {
    first: true,
    ...{ type: "choice", choices: ["adam", "adamax", "rmsprop", "sgd"], value: "adam" },
    help: "how gradients become steps",
  }),
  control("trainSize", "train size", {
    first: true,
    ...{ value: 10_000, least: 1, unit: "images", help: "use only the first n training images" },
  }),
  control("target", "target", {
    ...{ type: "positive", value: 0.015, scale: 100, unit: "%" },
    help: "report the seconds until the test error was this good, in %",
  }),
  control("threads", "threads", { value: undefined, least: 1, most: 256 }),
  control("arms", "arms", { type: "choice", many: true, choices: ARMS, value: ARMS }),
  control("seeds", "seeds", {
    first: true,
    ...{
      many: true,
      value: [1],
      least: 0,
      help: "one seed, or several to see how much chance matters",
    },
  }),
  control("column", "column to predict", { type: "text", flag: "--target" }),
  control("headOnly", "head only", { type: "switch", help: "train the head alone" }),
];
export const ABOUT: Readonly<Record<string, string>> = {
  digits: "a small convolutional network on handwritten digits",
  shapes: "a variational autoencoder",
  strokes: "a recurrent network that draws",
  breaker: "deep Q-learning",
  table: "a table of your own (.csv)",
  photos: "a folder of pictures of your own",
  "tuned-table": "a table of your own, with a model",
  "tuned-pictures": "a folder of pictures of your own, with a model",
};
export const TAKES: Readonly<Record<string, Readonly<Record<string, Takes>> | undefined>> = {
  table: { data: "table" },
  photos: { data: "pictures" },
  "tuned-table": { data: "table", model: "model" },
  "tuned-pictures": { data: "pictures", model: "model" },
};

export const takenBy = (experiment: string): Readonly<Record<string, Takes>> =>
  TAKES[experiment] ?? {};

export const offerOf = ({ experiment, asked }: Wish, columns?: readonly string[]): Offer => ({
  experiment,
  about: ABOUT[experiment],
  presets: ["small", "large"],
  controls: CONTROLS.map((one) => ({
    ...{ ...one, value: asked[one.name] ?? one.value },
    ...(one.name === "column" && columns ? { choices: columns, needed: true } : {}),
  })),
  places: Object.entries(takenBy(experiment)).map(([name, kind]) => ({
    ...{ name, label: `${kind} of yours`, help: "files", needed: true },
  })),
});
