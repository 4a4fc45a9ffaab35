/** Rows of a table as a trained model takes them: as many numbers as its input has. */
import { UsageError } from "../../../runs/experiment.ts";
import { inputsOf, type TableConfig } from "../table/found.ts";
import type { TableOrigin } from "../table/origin.ts";
import { openModel, withHead } from "./model.ts";
import {
  modelPlace,
  optimizerFor,
  ratesFor,
  tunedPreset,
  tunedSettings,
  tunedSizes,
  type TunedConfig,
} from "./settings.ts";

export const tunedRows: TableOrigin = {
  name: "tuned-table",
  about: "a trained model, fine-tuned on a column of a table of yours",
  options: {},
  places: modelPlace,
  takes: { model: "model" },
  settings: tunedSettings,
  preset: tunedPreset,
  sizes: tunedSizes,
  examples: ["finetune model.onnx --data table.csv --target species"],
  rates: ratesFor,
  optimizer: optimizerFor,
  async open(asked, world) {
    const config = asked as TableConfig & TunedConfig;
    const opened = await openModel(config, config.found?.model, world);
    const [{ name, shape }] = opened.imported.ports;
    return {
      sized(found) {
        const width = inputsOf(found);
        if (shape.length === 2 && (shape[1] === width || typeof shape[1] === "string")) return {};
        throw new UsageError(
          `${opened.where}: expected an input of rows of ${width} numbers, as the table has, got "${name}" [${shape.join(", ")}]; leave columns out with --leave-out or take another model`,
        );
      },
      layer: (outputs) => withHead(opened, outputs, config),
      model: { found: opened.found, input: name, original: opened.imported.original },
    };
  },
};
