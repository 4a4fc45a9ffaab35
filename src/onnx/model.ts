/** Nodes to the bytes of an ONNX model: the same graph gives the same bytes. */
import { topological, type Input, type Node, type OpName, type Parameter } from "../graph/index.ts";
import { emitter, plainTarget, type Emitter, type Target } from "./emit.ts";
import { blocked, type Rule } from "./blocked.ts";
import { deviceCopy, deviceForms } from "./device.ts";
import { lower, type Lowering } from "./lower.ts";
import { encodeGraph, type Graph, type Port } from "./graph.ts";
import { simplify } from "./simplify.ts";
import { value, type Form, type Value } from "./value.ts";
import { named } from "./renamed.ts";

/** A model as bytes, and what goes in and comes out. */
export interface Model {
  readonly bytes: Uint8Array;
  /** Inputs and parameters that the graph really uses. */
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** How many ONNX nodes it has. */
  readonly nodes: number;
}

const port = (name: string, { shape, dtype }: Node): Port => ({ name, shape, dtype });

/** An input or parameter by its name in the model: the two have name spaces of their own. */
export const inputName = (name: string): string => `input:${name}`;
export const parameterName = (name: string): string => `state:${name}`;

const portName = (n: Input | Parameter): string =>
  (n.op === "input" ? inputName : parameterName)(n.attrs.name);

/** How a model calls things. */
export interface ModelOptions {
  /** What inputs and parameters are called. */
  readonly nameOf?: (n: Input | Parameter) => string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The model that computes `outputs`, with inputs and parameters as its inputs. */
export function toModel(
  outputs: Readonly<Record<string, Node>>,
  target: Target = plainTarget,
  { nameOf = portName, metadata = {} }: ModelOptions = {},
): Model {
  const names = Object.keys(outputs);
  const roots = simplify(Object.values(outputs));
  const simple = Object.fromEntries(names.map((name, i) => [name, roots[i]]));
  const graph = toGraph(simple, target, { nameOf });
  const { inputs, nodes } = graph;
  const ports = names.map((name, i) => port(name, roots[i]));
  return { bytes: encodeGraph(graph, { metadata }), inputs, outputs: ports, nodes: nodes.length };
}

/** Another way to compute a node: from other values, by other operators. */
export interface Fused {
  readonly inputs: readonly Node[];
  readonly lower: (inputs: readonly string[], e: Emitter) => string;
}
export interface GraphOptions {
  readonly nameOf: (n: Input | Parameter) => string;
  /** What is computed in another way; what only a node so replaced rests on is not computed at all. */
  readonly instead?: ReadonlyMap<Node, Fused>;
  /** What constants are called; undefined for a name like "const_7". */
  readonly constantName?: (n: Node) => string | undefined;
  /** 17 is read by everything in use; only integer hashing needs 18, by default. */
  readonly opset?: number | undefined;
  /** Whether equal constants are stored as often as they are used. */
  readonly apart?: boolean;
}

/** The graph that computes `outputs`, which have been simplified. */
export function toGraph(
  outputs: Readonly<Record<string, Node>>,
  target: Target,
  { nameOf, instead = new Map(), constantName = () => undefined, ...options }: GraphOptions,
): Graph<Port> {
  const names = Object.keys(outputs);
  const roots = Object.values(outputs);
  const inputsOf = (n: Node): readonly Node[] => instead.get(n)?.inputs ?? n.inputs;
  const order = topological(roots, inputsOf);
  const opset = options.opset ?? (order.some((n) => n.op === "randomBits") ? 18 : 17);
  const { emitter: e, nodes, initializers, domains } = emitter(opset, target, options);

  const inputs: Port[] = [];
  const uses = countUses(order, roots, inputsOf);
  const values = new Map<Node, Value>();
  for (const n of order) {
    const fused = instead.get(n);
    const arrived = (fused ?? n).inputs.map((x) => values.get(x)!);
    const natural = (): readonly string[] => arrived.map((x) => x.natural());
    const lower = (): string => {
      if (fused) return fused.lower(natural(), e);
      if (n.op === "input" || n.op === "parameter") return declare(port(nameOf(n), n), inputs);
      if (n.op !== "constant") return lowerOne(n, natural(), e);
      return e.constant(n.attrs.data, n.shape, n.dtype, constantName(n));
    };
    const form = fused ? null : formOf(n, arrived, e);
    const made = value({ node: n, uses: uses.get(n)!, form, lower }, e);
    values.set(n, made);
    // Emitted in this order, but for what its one user may take into its own kernel and what may come in either layout.
    if (made.layout === "natural") made.natural();
    else if (made.layout === "blocked" && !made.extend) made.blocked();
  }
  const outgoing = named(
    nodes,
    names.map((name, i) => [name, values.get(roots[i])!.natural()]),
    target.device ? (value, i) => deviceCopy(value, roots[i]) : undefined,
  );
  checkNames([
    ...[...inputs, ...initializers].map((x) => x.name),
    ...outgoing.flatMap((n) => n.output),
  ]);
  return {
    nodes: outgoing,
    initializers,
    inputs,
    outputs: names.map((name, i) => port(name, roots[i])),
    opset,
    domains: [...domains].filter((d) => d !== ""),
  };
}

function declare(x: Port, inputs: Port[]): string {
  const other = inputs.find((y) => y.name === x.name);
  if (other && (other.dtype !== x.dtype || `${other.shape}` !== `${x.shape}`))
    throw new Error(
      `toModel: "${x.name}" has two types, got ${other.dtype} [${other.shape}] and ${x.dtype} [${x.shape}]; give one of them another name`,
    );
  if (!other) inputs.push(x);
  return x.name;
}

/** Every value of a model needs a name of its own; outputs and exported inputs have names that users chose. */
function checkNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name))
      throw new Error(
        `toModel: two values of the model have one name, got "${name}" twice; call the input or output something else`,
      );
    seen.add(name);
  }
}

/** How many nodes and outputs use each node. */
export function countUses(
  order: readonly Node[],
  roots: readonly Node[],
  inputsOf: (n: Node) => readonly Node[] = ({ inputs }) => inputs,
): ReadonlyMap<Node, number> {
  const uses = new Map<Node, number>();
  for (const x of [...order.flatMap(inputsOf), ...roots]) uses.set(x, (uses.get(x) ?? 0) + 1);
  return uses;
}

const lowerOne = (n: Node, inputs: readonly string[], e: Emitter): string =>
  (((e.device && deviceForms[n.op]) || lower[n.op]) as Lowering<OpName>)(n as never, inputs, e);
const formOf = (n: Node, inputs: readonly Value[], e: Emitter): Form | null =>
  e.block > 0 && (e.does("layout") || isConvolution(n.op))
    ? (blocked[n.op] as Rule<OpName>)(n as never, inputs, e)
    : null;
/** What is blocked even where nothing stays so. */
const isConvolution = (op: OpName): boolean => op.startsWith("conv");
