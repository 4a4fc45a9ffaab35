/**
 * A batch that was baked in, made free: where a file says how many examples its inputs have, exporters have written that number
 * into shapes. What follows them is told the number of examples that there are.
 */
import { broadcastTo, constant, sizeOf, type Node } from "../graph/index.ts";
import type { Value } from "./call.ts";

/** From the number of examples in the file to the one that there is. */
export interface Rebatch {
  readonly from: number;
  readonly to: number;
}

type Inputs = readonly (Value | undefined)[];
type Rule = (inputs: Inputs, rebatch: Rebatch) => Inputs;

const withInput = (inputs: Inputs, i: number, node: Node | undefined): Inputs =>
  node ? inputs.map((x, j) => (i === j && x ? { ...x, node } : x)) : inputs;

/** A shape that begins with the file's number of examples, of something that has as many as there are. */
const reshaped: Rule = (inputs, { from, to }) => {
  const [x, target] = inputs;
  if (target?.node.op !== "constant" || x?.node.shape[0] !== to) return inputs;
  const [first, ...rest] = Array.from(target.node.attrs.data);
  if (first !== from) return inputs;
  return withInput(inputs, 1, constant([to, ...rest], target.node.shape, "int32"));
};

/** What has one copy for all examples where the others have one each. */
const stretched =
  (axis: number, which: (i: number) => boolean = () => true): Rule =>
  (inputs, { from, to }) => {
    if (!inputs.some((x) => x?.node.shape.at(axis) === to && x.node.op !== "constant"))
      return inputs;
    return inputs.map((x, i) => {
      const isFixed =
        x?.node.op === "constant" && x.node.shape.length > axis && x.node.shape[axis] === from;
      if (!isFixed || !which(i) || from !== 1) return x;
      return {
        ...x,
        node: broadcastTo(
          x.node,
          x.node.shape.map((d, a) => (a === axis ? to : d)),
        ),
      };
    });
  };

/** Initial states are [directions, batch, hidden] where x is [time, batch, in]. */
const states: Rule = (inputs, { from, to }) => {
  if (inputs[0]?.node.shape[1] !== to || from !== 1) return inputs;
  return inputs.map((x, i) => {
    if ((i !== 5 && i !== 6) || x?.node.shape[1] !== from) return x;
    return { ...x, node: broadcastTo(x.node, [x.node.shape[0], to, x.node.shape[2]]) };
  });
};

const rules: Readonly<Record<string, Rule>> = {
  Reshape: reshaped,
  Expand: (inputs, rebatch) => {
    const [x, target] = inputs;
    if (target?.node.op !== "constant" || x?.node.op === "constant") return inputs;
    const [first, ...rest] = Array.from(target.node.attrs.data);
    const isOfAll = first === rebatch.from && x?.node.shape.length === rest.length + 1;
    return isOfAll
      ? withInput(inputs, 1, constant([rebatch.to, ...rest], target.node.shape, "int32"))
      : inputs;
  },
  Concat: stretched(0),
  LSTM: states,
  GRU: states,
  RNN: states,
};

/** The inputs of a node with the batch that there is. `axis` is the node's attribute, which a Concat along the batch has at 0. */
export function rebatched(op: string, inputs: Inputs, rebatch: Rebatch, axis?: number): Inputs {
  if (rebatch.from === rebatch.to || !Object.hasOwn(rules, op)) return inputs;
  return op === "Concat" && axis === 0 ? inputs : rules[op](inputs, rebatch);
}

/** Throws for outputs that do not grow with the batch: `few` are those of `count` examples, `more` of one more. */
export function checkScales(
  few: Readonly<Record<string, Node>>,
  more: Readonly<Record<string, Node>>,
  { count, where }: { readonly count: number; readonly where: string },
): void {
  for (const [name, { shape }] of Object.entries(few)) {
    const [a, b] = [sizeOf(shape), sizeOf(more[name].shape)];
    if (a * (count + 1) !== b * count)
      throw new Error(
        `${where}: output "${name}" does not scale with the batch, got [${shape}] for ${count} examples and [${more[name].shape}] for ${count + 1}; the number of examples is baked in, export the model with a dynamic batch`,
      );
  }
}
