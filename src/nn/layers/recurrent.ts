/** Recurrent layers: cells run over sequences, in layers and in both directions. */
import { concat, reshape, slice, type Node } from "../../graph/index.ts";
import { gruIn, lstmIn, unroll, type GruOptions } from "../recurrent.ts";
import type { Layer, Scope } from "../scope.ts";
import { dropout as dropoutOf } from "./noise.ts";
import { checksOf, layerNames, needRank, type LayerOptions } from "./weighted.ts";

/** Options of {@link recurrent}. */
export interface RecurrentOptions extends LayerOptions {
  readonly cell?: "lstm" | "gru";
  /** How many are stacked (default 1). */
  readonly layers?: number;
  /** Whether each layer has a second cell that goes from the last step to the first, its output beside the other's. */
  readonly bidirectional?: boolean;
  /** The share of the outputs of every layer but the last that is dropped in training. */
  readonly dropout?: number;
  /** Whether the result is what each direction ends with, `[batch, units * directions]`, and not all steps. */
  readonly returnLast?: boolean;
  /** Of a `gru`: PyTorch's form of it. */
  readonly resetAfter?: boolean;
}

const checkRecurrent = checksOf<RecurrentOptions>("recurrent", {
  ...layerNames,
  cell: "optional",
  layers: "optional",
  bidirectional: "optional",
  dropout: "optional",
  returnLast: "optional",
  resetAfter: "optional",
});
/**
 * `[batch, time, in] -> [batch, time, units * directions]`, starting from zeros. The first cell has its parameters in the layer itself,
 * `lstm1.wih`; those of others are in `l1`, `l0_reverse`, `l1_reverse` and so on, as PyTorch counts them.
 */
export const recurrent = (units: number, options: RecurrentOptions = {}): Layer => {
  checkRecurrent(units, options);
  return (scope, x) => {
    const { cell = "lstm", layers = 1, bidirectional = false, dropout = 0, name } = options;
    const { returnLast = false } = options;
    if (!["lstm", "gru"].includes(cell))
      throw new Error(`recurrent: cell is "lstm" or "gru", got "${cell}"; use one of these`);
    if (!(Number.isInteger(layers) && layers >= 1))
      throw new Error(
        `recurrent: layers are counted from 1, got ${String(layers)}; give a whole number`,
      );
    needRank("recurrent", x, "batch, time, in", "reshape it first");
    const inner = scope.child(cell, name);
    const directions = bidirectional ? [false, true] : [false];
    let y = x;
    for (let layer = 0; layer < layers; layer++) {
      const from = layer === 0 ? y : dropoutOf(dropout)(inner, y);
      const outputs = directions.map((reverse) => {
        const suffix = `l${layer}${reverse ? "_reverse" : ""}`;
        const place = suffix === "l0" ? inner : inner.child(suffix, suffix);
        const all = run(place, from, { ...options, inputs: from.shape[2], units }, reverse);
        return returnLast && layer === layers - 1 ? lastOf(all, reverse) : all;
      });
      y = outputs.length === 1 ? outputs[0] : concat(outputs, -1);
    }
    return y;
  };
};

function run(
  scope: Scope,
  x: Node,
  options: GruOptions & Pick<RecurrentOptions, "cell">,
  reverse: boolean,
): Node {
  return options.cell === "gru"
    ? unroll(gruIn(scope, options), x, (h) => h, { reverse })
    : unroll(lstmIn(scope, options), x, ({ h }) => h, { reverse });
}

/** [batch, time, units] -> [batch, units] after the last step of its direction. */
function lastOf(y: Node, reverse: boolean): Node {
  const [batch, time, units] = y.shape;
  const at = reverse ? 0 : time - 1;
  return reshape(slice(y, { axis: 1, start: at, end: at + 1 }), [batch, units]);
}
