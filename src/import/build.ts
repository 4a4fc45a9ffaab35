/** From an ONNX graph to nodes, one by one by their rules; what rests on constants alone is computed on the way. */
import { constant, sizeOf, topological, type Dtype, type Node } from "../graph/index.ts";
import { DataType, type GraphProto, type NodeProto, type TensorProto } from "../onnx/index.ts";
import { evaluate } from "../runtime/index.ts";
import { attributesOf } from "./attributes.ts";
import { rebatched, type Rebatch } from "./batch.ts";
import {
  isValue,
  type Call,
  type LayerSpec,
  type LayerWeight,
  type Made,
  type Value,
} from "./call.ts";
import { constantsOf, isOp, ordered, subgraphs, titleOf } from "./graph.ts";
import { biased, type Parameters, type Store } from "./parameters.ts";
import { rules } from "./rules/index.ts";

/** What is the same for all graphs of one trace. */
export interface Building {
  readonly where: string;
  readonly opset: number;
  readonly store: Store;
  readonly parameters: Parameters;
  readonly rebatch?: Rebatch;
  /** Values that rest on what is fed. */
  readonly rests: WeakSet<Node>;
  /** Nodes that may still be made, since a loop in a file must not go on for ever, and elements of values that are computed ahead. */
  readonly budget: { left: number; folded: number };
}

/** Names to values in a graph, and in those around it. */
interface Environment {
  get(name: string): Value | undefined;
  /** The constant of the file that a name stands for, if it does. */
  tensor(name: string): TensorProto | undefined;
}

/** Elements of a value that is computed at import, those on the way to it included. */
const MOST_FOLDED = 4_000_000;
/** Multiplications that computing it may take. */
const MOST_WORK = 200_000_000;
/** Elements of any value. */
const MOST_ELEMENTS = 2 ** 31 - 1;

/** The values of `outputs` in `graph`, given those of its inputs; it sees what is `around` it. */
export function build(
  graph: GraphProto,
  building: Building,
  {
    given,
    outputs,
    around,
  }: {
    readonly given: ReadonlyMap<string, Value>;
    readonly outputs: readonly string[];
    readonly around?: Environment;
  },
): readonly Value[] {
  const { where, parameters } = building;
  const values = new Map(given);
  const constants = constantsOf(graph);
  const environment: Environment = {
    get(name) {
      const known = values.get(name);
      if (known) return known;
      const tensor = constants.get(name);
      if (!tensor) return around?.get(name);
      const value = parameters.value(tensor);
      values.set(name, value);
      return value;
    },
    tensor: (name) =>
      values.has(name) && !constants.has(name)
        ? undefined
        : (constants.get(name) ?? around?.tensor(name)),
  };
  const order = ordered(graph, outputs, where);
  for (const node of order) {
    if (isOp(node, "Constant") && constants.has(node.output[0])) continue;
    if (--building.budget.left < 0)
      throw new Error(
        `${where}: the graph unrolls to more nodes than can be trained, got to ${titleOf(node)}; cut the model before its loops`,
      );
    const made = madeBy(node, environment, building);
    for (const [i, name] of node.output.entries()) {
      const value = made.at(i);
      if (value) values.set(name, value);
    }
  }
  return outputs.map((name) => {
    const value = environment.get(name);
    if (value) return value;
    throw new Error(
      `${where}: no node makes the value "${name}", got it as an output; name one of the graph's values`,
    );
  });
}

/** What one node makes: the same where its rule is at fault, in words that name it. */
function madeBy(node: NodeProto, environment: Environment, building: Building): readonly Value[] {
  const title = `${building.where}: ${titleOf(node)}`;
  const fail = (message: string): Error => new Error(`${title}: ${message}`);
  const resolve = (name: string): Value | undefined => {
    if (name === "") return undefined;
    const value = environment.get(name);
    if (!value)
      throw fail(
        `expected the value "${name}", which nothing makes, got none; export the model again`,
      );
    return value;
  };
  const layerTensor = (i: number): TensorProto | undefined => {
    const tensor = environment.tensor(node.input.at(i) ?? "");
    const role = tensor && building.store.roles.of(tensor);
    return role && role.kind !== "parameter" && role.node === node ? tensor : undefined;
  };
  const given = (): readonly (Value | undefined)[] => {
    const inputs = node.input.map((name, i) => (layerTensor(i) ? undefined : resolve(name)));
    if (!building.rebatch) return inputs;
    return rebatched(
      node.opType ?? "",
      inputs,
      building.rebatch,
      node.attribute.find((a) => a.name === "axis")?.i ?? 0,
    );
  };
  try {
    const inputs = given();
    const call: Call = {
      op: node.opType ?? "",
      opset: building.opset,
      where: title,
      inputs,
      outputs: node.output,
      ...attributesOf(node, fail),
      x(i) {
        const value = inputs.at(i);
        if (value) return value.node;
        if (layerTensor(i))
          throw fail(`its rule reads weight ${i} of a layer by itself, got x(${i}); call layer()`);
        throw fail(`expected input ${i}, got none; export the model again`);
      },
      optional: (i) => inputs.at(i)?.node,
      known(i, what) {
        const value = inputs.at(i);
        if (!value) throw fail(`expected ${what} as input ${i}, got none; export the model again`);
        const numbers = numbersOf(value.node);
        if (numbers) return numbers;
        throw fail(
          `needs ${what} at import, got a value that depends on ${dependencies(value.node)}; bind it (bind: { name: value }) or cut the model before it with outputs`,
        );
      },
      layer: (spec) => layerOf(node, spec, { inputs, layerTensor, building }),
      run: (graph, args) => {
        const given = new Map(graph.input.map((x, i) => [x.name ?? "", args[i]] as const));
        return build(graph, building, {
          given,
          outputs: graph.output.map((x) => x.name ?? ""),
          around: environment,
        });
      },
      constant: (tensor) => building.store.constant(tensor),
      numbers: numbersOf,
      fail,
    };
    const rule = Object.hasOwn(rules, call.op) ? rules[call.op] : undefined;
    if (!rule)
      throw fail(
        "has no rule, got it where support was not checked; cut the model before it with outputs",
      );
    const values = typed(rule(call), inputs);
    for (const { node: made } of values)
      if (!(sizeOf(made.shape) <= MOST_ELEMENTS))
        throw fail(
          `expected a value of fewer than 2^31 elements, got [${made.shape}]; check the file`,
        );
    // What graphs within it read is not among its inputs, and was folded when they were built.
    const isFixed =
      subgraphs(node).length === 0 &&
      node.input.every((_, i) => !layerTensor(i)) &&
      inputs.every((x) => x === undefined || x.node.op === "constant");
    if (isFixed) return folded(values, building);
    if (inputs.some((x) => x && building.rests.has(x.node)))
      for (const { node: made } of values) building.rests.add(made);
    return values;
  } catch (error) {
    if (!(error instanceof Error) || error.message.startsWith(building.where)) throw error;
    const shapes = node.input.map((name) => (name === "" ? "-" : shapeTold(environment, name)));
    // An op of the language says what is wrong; the language below it says nothing to anybody.
    const isOurs = !(error instanceof TypeError || error instanceof RangeError);
    const message = isOurs ? error.message : "which its rule does not know";
    throw new Error(
      `${title} does not fit what it is given, got [${shapes.join(", ")}]${message.includes("; ") ? `: ${message}` : `, ${message}; cut the model before it with outputs`}`,
      { cause: error },
    );
  }
}

function shapeTold(environment: Environment, name: string): string {
  const tensor = environment.tensor(name);
  if (tensor) return `[${tensor.dims}]`;
  const value = environment.get(name);
  return value ? `[${value.node.shape}]` : "nothing";
}

function layerOf(
  node: NodeProto,
  spec: LayerSpec,
  {
    inputs,
    layerTensor,
    building,
  }: {
    readonly inputs: readonly (Value | undefined)[];
    readonly layerTensor: (i: number) => TensorProto | undefined;
    readonly building: Building;
  },
): LayerWeight {
  const weight = layerTensor(spec.weight);
  const biasTensor = spec.bias === undefined ? undefined : layerTensor(spec.bias);
  const given = spec.bias === undefined ? undefined : inputs.at(spec.bias)?.node;
  if (!weight) {
    const w = inputs.at(spec.weight)?.node;
    if (!w)
      throw new Error(`needs a weight as input ${spec.weight}, got none; export the model again`);
    const bias = biasTensor ? building.parameters.value(biasTensor).node : given;
    return { w, preactivation: (t) => biased(t, bias) };
  }
  return building.parameters.layer(node, spec, {
    weight,
    ...(biasTensor ? { trainedBias: biasTensor } : {}),
    ...(given ? { bias: given } : {}),
  });
}

/** The numbers of a constant. */
const numbersOf = (x: Node): readonly number[] | undefined =>
  x.op === "constant" ? Array.from(x.attrs.data) : undefined;

/** What a value rests on, for a message. */
function dependencies(x: Node): string {
  const leaves = topological([x]).flatMap((n) =>
    n.op === "input"
      ? [`input "${n.attrs.name}"`]
      : n.op === "parameter"
        ? [`the weight "${n.attrs.name}"`]
        : [],
  );
  return [...new Set(leaves)].slice(0, 3).join(", ") || "the graph";
}

const usual: Readonly<Record<Dtype, number>> = {
  float: DataType.FLOAT,
  int32: DataType.INT64,
  uint32: DataType.UINT32,
  bool: DataType.BOOL,
};

/** With the element types that were left out: that of the first input of the same dtype, or the usual one. */
function typed(made: Made, inputs: readonly (Value | undefined)[]): readonly Value[] {
  const list = Array.isArray(made) ? (made as readonly (Node | Value)[]) : [made as Node | Value];
  return list.map((x) => {
    if (isValue(x)) return x;
    const type = inputs.find((input) => input?.node.dtype === x.dtype)?.type ?? usual[x.dtype];
    return { node: x, type };
  });
}

/** What computing a node takes on the way from constants; infinite where something on the way is too large. */
function workOf(root: Node): number {
  let work = 0;
  for (const n of topological([root])) {
    const size = sizeOf(n.shape);
    if (!(size <= MOST_FOLDED)) return Infinity;
    work += size * summedIn(n);
  }
  return work;
}

/** Products that one element sums over, or more. */
function summedIn({ op, inputs }: Node): number {
  const [x, w] = inputs as readonly Node[];
  if (op === "matmul") return x.shape.at(-1)!;
  return op.startsWith("conv") ? sizeOf(w.shape) : 1;
}

/** Shapes are computed whatever else there is. */
const SMALL = 1000;

function folded(values: readonly Value[], { budget }: Building): readonly Value[] {
  return values.map((value) => {
    const { node } = value;
    if (node.op === "constant" || workOf(node) > MOST_WORK) return value;
    // A graph within sees more than the inputs of its node.
    const isKnown = topological([node]).every((n) => n.op !== "input" && n.op !== "parameter");
    if (!isKnown) return value;
    const size = sizeOf(node.shape);
    if (size > SMALL && (budget.folded -= size) < 0) return value;
    const { y } = evaluate({ y: node });
    return { ...value, node: constant(y.data, node.shape, node.dtype) };
  });
}
