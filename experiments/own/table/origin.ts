/** What stands between the rows of a table and its answers. */
import { optimizerOf, scheduleOf } from "../../../runs/minibatch/config.ts";
import { whole } from "../../../runs/settings.ts";
import type { Body, Origin } from "../body.ts";
import { ownPreset } from "../settings.ts";
import { inputsOf, type TableConfig, type TableFound } from "./found.ts";
import { perceptron } from "./model.ts";

/** A network for rows, [batch, inputs]. */
export interface TableBody extends Body {
  /** The same for the columns that were found: a setting of its size, or an error where they do not fit. */
  sized(found: TableFound, config: TableConfig): { readonly width?: number };
  /** In the width that `sized` gave. */
  layer(outputs: number, width?: number): ReturnType<Body["layer"]>;
}
export type TableOrigin = Origin<TableConfig, TableBody>;

const WIDTH = { least: 64, most: 256, perInput: 2 };

/** A small multilayer perceptron of our own. */
export const madeForTables: TableOrigin = {
  name: "table",
  about: "a column of a table of yours from the others",
  options: { width: whole("units of either hidden layer", { most: 4096 }) },
  places: {},
  settings: {},
  preset: ownPreset,
  sizes: { batch: [16, 128], steps: 500, epochs: [10, 60] },
  examples: [
    "train iris.csv --target species",
    "compare houses.csv --target price --kind regression",
    "compare iris.csv --target species --arms plain,weight --seed 1,2,3",
  ],
  rates: (config, lr) => ({ lr: scheduleOf(config, lr) }),
  optimizer: ({ optimizer }, { lr }) => optimizerOf(optimizer, lr),
  open: ({ network }) =>
    Promise.resolve({
      sized(found) {
        const { width } = network;
        const units = Math.max(WIDTH.least, Math.min(WIDTH.most, WIDTH.perInput * inputsOf(found)));
        return { width: width === Infinity ? units : width };
      },
      layer: (outputs, width = network["width"]) => perceptron(width, outputs),
    }),
};
