/** Nodes to the bytes of an ONNX model: the same graph gives the same bytes. */
import {
  topological,
  type Dtype,
  type Input,
  type Node,
  type OpName,
  type Parameter,
  type Shape,
} from "../graph/index.ts";
import {
  elementType,
  emitter,
  plainTarget,
  type Emitter,
  type NodeDraft,
  type Target,
  type TensorDraft,
} from "./emit.ts";
import { blocked, type Rule } from "./blocked.ts";
import { lower, type Lowering } from "./lower.ts";
import { encodeModel, type NodeProto, type ValueInfoProto } from "./proto.ts";
import { simplify } from "./simplify.ts";
import { value, type Form, type Value } from "./value.ts";
import type { Draft } from "./wire.ts";

/** A value that goes into or comes out of a model. */
export interface Port {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: Dtype;
}
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

/** A value that goes in or comes out: an axis without a fixed size has a name. */
export interface Signature extends Omit<Port, "shape"> {
  readonly shape: readonly (number | string)[];
}
/** A model before it is bytes. */
export interface Graph<In extends Signature = Signature> {
  readonly nodes: readonly NodeDraft[];
  readonly initializers: readonly TensorDraft[];
  readonly inputs: readonly In[];
  readonly outputs: readonly Signature[];
  readonly opset: number;
  /** Operator sets beside ONNX's own. */
  readonly domains: readonly string[];
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

/** What a model says of itself. */
export interface Description {
  readonly metadata: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly docString?: string;
  readonly producerVersion?: string;
  /** The version of the format (default 8, of which operator sets 15 to 18 are). */
  readonly irVersion?: number;
}
export const encodeGraph = (
  { nodes, initializers, inputs, outputs, opset, domains }: Graph,
  { metadata, name = "step", irVersion = 8, ...said }: Description,
): Uint8Array =>
  encodeModel({
    irVersion,
    producerName: "weightnorm",
    opsetImport: [
      { domain: "", version: opset },
      ...domains.map((domain) => ({ domain, version: 1 })),
    ],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name,
      node: nodes,
      initializer: initializers,
      input: inputs.map(valueInfo),
      output: outputs.map(valueInfo),
    },
    ...said,
  });

/**
 * The nodes with every output [name, value] under its own name: what computes a value is named after its output. Only where two
 * outputs are one value, or one is an input or a constant, is it copied, since ONNX Runtime loses a value that is an output by
 * way of a copy and besides the input of nothing but a product that it fuses ("Invalid model. Node input ...").
 */
function named(
  nodes: readonly NodeDraft[],
  outputs: readonly (readonly [string, string])[],
): readonly NodeDraft[] {
  const computed = new Set(nodes.flatMap((n) => n.output));
  const names = new Map<string, string>();
  const copies = outputs.flatMap(([name, value]) => {
    if (computed.has(value) && !names.has(value)) {
      names.set(value, name);
      return [];
    }
    return [
      { name: `output ${name}`, opType: "Identity", domain: "", input: [value], output: [name] },
    ];
  });
  return renamed([...nodes, ...copies], names);
}

/** Nodes whose values have other names, in the branches of an `If` too, which see the values around them. */
export function renamed(
  nodes: readonly NodeDraft[],
  names: ReadonlyMap<string, string>,
): readonly NodeDraft[] {
  const of = (list: readonly string[] = []): string[] => list.map((x) => names.get(x) ?? x);
  const output = <T extends { readonly name?: string }>(x: T): T =>
    x.name !== undefined && names.has(x.name) ? { ...x, name: names.get(x.name) } : x;
  const rename = (n: Draft<NodeProto>): NodeDraft => ({
    ...n,
    input: of(n.input),
    output: of(n.output),
    attribute: (n.attribute ?? []).map((a) =>
      a.g
        ? {
            ...a,
            g: {
              ...a.g,
              node: (a.g.node ?? []).map(rename),
              output: (a.g.output ?? []).map(output),
            },
          }
        : a,
    ),
  });
  return nodes.map(rename);
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
  (lower[n.op] as Lowering<OpName>)(n as never, inputs, e);
const formOf = (n: Node, inputs: readonly Value[], e: Emitter): Form | null =>
  e.block > 0 && (e.does("layout") || isConvolution(n.op))
    ? (blocked[n.op] as Rule<OpName>)(n as never, inputs, e)
    : null;
/** What is blocked even where nothing stays so. */
const isConvolution = (op: OpName): boolean => op.startsWith("conv");

const valueInfo = ({ name, shape, dtype }: Signature): Draft<ValueInfoProto> => ({
  name,
  type: {
    tensorType: {
      elemType: elementType[dtype],
      shape: {
        dim: shape.map((d) => (typeof d === "string" ? { dimParam: d } : { dimValue: d })),
      },
    },
  },
});
