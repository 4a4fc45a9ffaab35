/** How the numbers of an experiment on minibatches are to be read. */
import type { Measure, Panel, Sheet } from "../records.ts";
import { trainedSize, type MinibatchConfig } from "./config.ts";
import type { Task } from "./task.ts";

type Said = Pick<Task, "measures" | "unit" | "reported">;
type Sized = Pick<
  MinibatchConfig,
  | "arms"
  | "lr"
  | "lrOf"
  | "batchSize"
  | "trainSize"
  | "heldOut"
  | "validation"
  | "target"
  | "average"
  | "keepBest"
>;

/** Losses below this are drawn at it: a logarithm has no 0, and nobody compares 1e-6 with 1e-9. */
const LEAST_LOSS = 1e-6;

/** Of a task whose test has so many examples. */
export function sheetOf(task: Said, config: Sized, tested: number): Sheet {
  const { measures, unit = "images", reported } = task;
  const [measure] = measures;
  const { average, keepBest = false } = config;
  return {
    axis: { name: "epoch", per: 1 },
    measures,
    panels: [
      {
        ...{ title: "Training loss", from: "points", key: "loss", unit: "loss", scale: 1 },
        ...{ axis: "log", by: ["at", "seconds"], smooth: true, least: LEAST_LOSS },
      },
      panelOf(measure, "train", trainedSize(config as MinibatchConfig)),
      panelOf(measure, "test", tested),
    ],
    table: [
      {
        ...{ set: "test", key: measure.key, head: `test ${measure.key} ${measure.unit}` },
        ...{ scale: measure.scale, digits: measure.digits, better: measure.better },
      },
      { set: "train", key: "loss", head: "train loss", scale: 1, better: "lower" },
      "epochs to plain's loss",
      "work a second",
      "step time",
      "seconds to target",
    ],
    layers: ["v", "g", "effectiveStep"],
    work: { unit, perStep: config.batchSize, step: "steps" },
    tested: { count: tested, unit: `test ${unit}` },
    target: config.target,
    ...(reported ? { reported } : {}),
    pictures: "What the models make",
    notes: {
      ...(average === undefined
        ? {}
        : {
            measures: `Tests, and pictures, are of moving averages of the parameters (decay ${average}), which lag behind in short runs.`,
          }),
      ...(keepBest
        ? {
            table:
              "What a run keeps, for eval and predict, are the parameters of its best test. They were chosen by it: expect a little less of them on new data.",
          }
        : {}),
    },
  };
}

/** A measure over epochs and over time; a share of 0 stands at half an example, the nearest thing that a logarithm can show. */
const panelOf = (
  { key, unit, scale, share = false }: Measure,
  from: "train" | "test",
  count: number,
): Panel => ({
  ...{ title: `${from === "train" ? "Training" : "Test"} ${key}`, from, key, unit, scale },
  ...{ axis: "log", by: ["at", "seconds"] },
  ...(share ? { least: (0.5 * Math.abs(scale)) / Math.max(1, count) } : {}),
});
