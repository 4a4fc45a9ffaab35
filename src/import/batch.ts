/**
 * A batch that was baked in, made free: where a file says how many examples its inputs have, exporters have written that number
 * into shapes. What follows them is told the number of examples that there are.
 */
import { broadcastTo, constant, input, type Node } from "../graph/index.ts";
import type { Value } from "./call.ts";

/** From the number of examples in the file to the one that there is. */
export interface Rebatch {
  readonly from: number;
  readonly to: number;
  /** Whether a value rests on what is fed: a weight may have as many rows by chance. */
  readonly rests: (x: Node) => boolean;
}

type Inputs = readonly (Value | undefined)[];
type Rule = (inputs: Inputs, rebatch: Rebatch) => Inputs;

const withInput = (inputs: Inputs, i: number, node: Node | undefined): Inputs =>
  node ? inputs.map((x, j) => (i === j && x ? { ...x, node } : x)) : inputs;

/** A shape that begins with the file's number of examples, of something that has as many as there are. */
const resized =
  (at: number): Rule =>
  (inputs, { from, to, rests }) => {
    const [x] = inputs;
    const target = inputs.at(at);
    if (target?.node.op !== "constant" || !x || x.node.shape[0] !== to || !rests(x.node))
      return inputs;
    const [first, ...rest] = Array.from(target.node.attrs.data);
    if (first !== from) return inputs;
    return withInput(inputs, at, constant([to, ...rest], target.node.shape, "int32"));
  };

/** What has one copy for all examples where the others have one each. */
const stretched =
  (axis: number, which: (i: number) => boolean = () => true): Rule =>
  (inputs, { from, to, rests }) => {
    if (!inputs.some((x) => x?.node.shape.at(axis) === to && rests(x.node))) return inputs;
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
  Reshape: resized(1),
  Resize: resized(3),
  Expand: (inputs, rebatch) => {
    const [x, target] = inputs;
    if (target?.node.op !== "constant" || !x || !rebatch.rests(x.node)) return inputs;
    const [first, ...rest] = Array.from(target.node.attrs.data);
    const isOfAll = first === rebatch.from && x.node.shape.length === rest.length + 1;
    return isOfAll
      ? withInput(inputs, 1, constant([rebatch.to, ...rest], target.node.shape, "int32"))
      : inputs;
  },
  Concat: stretched(0),
  LSTM: states,
  GRU: states,
  RNN: states,
};

/** The inputs of a node with the batch that there is. `axis` is the node's attribute, by which a Concat may be along the batch. */
export function rebatched(op: string, inputs: Inputs, rebatch: Rebatch, axis?: number): Inputs {
  if (rebatch.from === rebatch.to || !Object.hasOwn(rules, op)) return inputs;
  const isAlong = axis === 0 || axis === -(inputs.at(0)?.node.shape.length ?? 0);
  return op === "Concat" && isAlong ? inputs : rules[op](inputs, rebatch);
}

/** Shapes of inputs as the file has them, by name; where it says no number, a name. */
export type Declared = ReadonlyMap<string, readonly (number | string)[]>;
type Feeds = Readonly<Record<string, Node>>;

/** The batch that the file fixed and the one that is fed instead; undefined where they are the same. */
export function freedBatch(
  declared: Declared,
  feeds: Feeds,
  where: string,
): { readonly from: number; readonly to: number } | undefined {
  const freed = [...declared].flatMap(([name, [from]]) => {
    const to = feeds[name].shape.at(0);
    return typeof from === "number" && to !== undefined && from !== to ? [{ name, from, to }] : [];
  });
  const [first] = freed;
  const other = freed.find(({ from, to }) => from !== first.from || to !== first.to);
  if (other)
    throw new Error(
      `${where}: inputs have one number of examples, got ${first.to} in "${first.name}" and ${other.to} in "${other.name}"; feed as many in all`,
    );
  return freed.length > 0 ? { from: first.from, to: first.to } : undefined;
}

/** Inputs like `feeds` for another number of examples: along every axis on which the file's number was replaced. */
export function withBatch(
  declared: Declared,
  feeds: Feeds,
  { from, to, count }: { readonly from: number; readonly to: number; readonly count: number },
): Feeds {
  const sized = [...declared].map(([name, told]) => {
    const { shape, dtype } = feeds[name];
    const isBatch = (d: number, axis: number): boolean =>
      d === to && (told.at(axis) === from || (axis === 0 && typeof told.at(axis) === "string"));
    const other = shape.map((d, axis) => (isBatch(d, axis) ? count : d));
    return [name, input(name, other, dtype)] as const;
  });
  return Object.fromEntries(sized);
}

/** Throws for outputs that have no axis for the examples: `few` are those of `from` of them, as in the file, then of `to`, and of one more. */
export function checkScales(
  [few, some, more]: readonly [Feeds, Feeds, Feeds],
  { from, to, where }: { readonly from: number; readonly to: number; readonly where: string },
): void {
  for (const [name, { shape }] of Object.entries(some)) {
    const grows = shape.flatMap((d, axis) => (more[name].shape.at(axis) === d ? [] : [axis]));
    const [axis] = grows;
    const isBatch =
      grows.length === 1 &&
      shape[axis] === to &&
      few[name].shape.at(axis) === from &&
      more[name].shape.at(axis) === to + 1;
    if (isBatch) continue;
    throw new Error(
      `${where}: output "${name}" does not scale with the batch, got [${few[name].shape}] for ${from} example${from === 1 ? "" : "s"} as in the file and [${shape}] for ${to}; the number is baked in, export the model with a dynamic batch`,
    );
  }
}
