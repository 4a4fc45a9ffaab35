/** `weightnorm inspect model.onnx`: what goes in and comes out, what would train, what is missing. */
import { textTable } from "../report/text-table.ts";
import { count } from "../report/words.ts";
import {
  describeModel,
  printable,
  sizeOf,
  type DescribedPort,
  type ModelDescription,
} from "../src/index.ts";

/** As data for `--json`, or as text; `all` shows every parameter, not only layers. */
export function inspectModel(
  bytes: Uint8Array,
  file: string,
): { readonly data: object; text(all: boolean): string } {
  const model = describeModel(bytes, { where: file });
  return {
    data: { file, ...model, metadata: model.metadata },
    text: (all) => text(file, model, all),
  };
}

function text(file: string, model: ModelDescription, all: boolean): string {
  const { layers, parameters, head, missing, cuts } = model;
  const sets = model.opsets.map(([domain, no]) => `${domain === "" ? "opset" : domain} ${no}`);
  const numbers = parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const ops = missing.map(({ op, count: n }) => `${op} (${count(n, "node")})`).join(", ");
  const listed = all ? parameters : [];
  const parts = [
    `${[file, ...sets, model.producer || "no producer"].join(", ")}: ${count(model.nodes, "node")}`,
    textTable(
      ["", "name", "type", "shape"],
      [...portRows("input", model.inputs), ...portRows("output", model.outputs)],
    ),
    layers.length === 0
      ? "no layers"
      : textTable(
          ["layer's weight", "in the file", "op", "shape", "|w|"],
          layers.map(({ name, original, op, shape, norm }) => [
            ...[name, original, op, `[${shape.join(", ")}]`],
            norm === undefined ? "not read" : norm.toPrecision(4),
          ]),
        ),
    ...(listed.length === 0
      ? []
      : [
          textTable(
            ["parameter", "in the file", "shape"],
            listed.map((p) => [p.name, p.original, `[${p.shape.join(", ")}]`]),
          ),
        ]),
    `${count(numbers, "number")} in ${count(parameters.length, "parameter")} can train${all ? "" : " (--all lists them)"}`,
    head
      ? `a new head goes before ${head.before}, at ${head.at}`
      : "no layer to put a new head before",
    missing.length === 0
      ? "nothing is missing: the model can be trained"
      : `missing: ${ops}; ${cuts.length > 0 ? `cut the model before them, at ${cuts.join(" or ")}` : "nothing before them can be trained"}`,
  ];
  return parts.map((part) => part.split("\n").map(printable).join("\n")).join("\n\n");
}

const portRows = (what: string, ports: readonly DescribedPort[]): readonly (readonly string[])[] =>
  ports.map(({ name, type, shape }) => [what, name, type, shape ? `[${shape.join(", ")}]` : ""]);
