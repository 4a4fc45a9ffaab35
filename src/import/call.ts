/** One node of an ONNX graph as its rule sees it. */
import type { Node, Shape } from "../graph/index.ts";
import type { GraphProto, TensorProto } from "../onnx/index.ts";

/** A value of the imported graph: a node, and the ONNX element type that it stands for (one of `DataType`). */
export interface Value {
  readonly node: Node;
  /** Integers of every width are int32 nodes, floats of every width are float nodes: this tells them apart. */
  readonly type: number;
}

/** A weight of a layer: what the layer multiplies with, and the way from t = w x to its output, a bias included. */
export interface LayerWeight {
  readonly w: Node;
  /** t is [batch, units, ...]. */
  readonly preactivation: (t: Node) => Node;
}

/** Where a layer's weight and bias are among the inputs of its node. */
export interface LayerSpec {
  /** What the layer is called where its weight has no telling name: "conv". */
  readonly kind: string;
  readonly weight: number;
  readonly bias?: number;
  /** The axis of the weight that runs over units; `groups` where units are counted group by group (ConvTranspose). */
  readonly axis: number;
  readonly groups?: number;
}

/** One node of an ONNX graph as its rule sees it. Axes and optional inputs are as in the file; nothing is checked before it is asked for. */
export interface Call {
  readonly op: string;
  /** The operator set that the node is of. */
  readonly opset: number;
  /** What messages call it: `import: Conv "conv1"`. */
  readonly where: string;
  /** Undefined where an optional input is left out. */
  readonly inputs: readonly (Value | undefined)[];
  /** The names of its outputs, "" for one that nobody asks for. */
  readonly outputs: readonly string[];

  /** Attributes by name. Without a `fallback` one that is missing is an error. */
  int(name: string, fallback?: number): number;
  float(name: string, fallback?: number): number;
  string(name: string, fallback?: string): string;
  ints(name: string, fallback?: readonly number[]): readonly number[];
  floats(name: string, fallback?: readonly number[]): readonly number[];
  strings(name: string, fallback?: readonly string[]): readonly string[];
  has(name: string): boolean;
  tensor(name: string): TensorProto;
  graph(name: string): GraphProto;

  /** Input `i`; an error where it is left out. */
  x(i: number): Node;
  /** Input `i` or undefined. */
  optional(i: number): Node | undefined;
  /** The numbers of input `i`, which has to be known at import; `what` names them in the error: "its shape". */
  known(i: number, what: string): readonly number[];
  /** The weight of a layer: trained through the norm in force where it is a parameter, else as it is. */
  layer(spec: LayerSpec): LayerWeight;
  /** The outputs of a graph that is an attribute (of If, Loop, Scan), with `inputs` for its own; it sees the values around it. */
  run(graph: GraphProto, inputs: readonly Value[]): readonly Value[];
  /** A constant of a file, as a value. */
  constant(tensor: TensorProto): Value;
  /** What a value of so many numbers is at import, or undefined where it depends on inputs or parameters. */
  numbers(x: Node): readonly number[] | undefined;
  /** An error about this node: "expected ..., got ...; do ..." */
  fail(message: string): Error;
}

/** What a rule makes: a value for every output, or the only one. A node alone has the element type of the first input of its dtype, else float, int64 or bool. */
export type Made = Node | Value | readonly (Node | Value)[];
/** What an ONNX op is in the language of `graph`. */
export type Rule = (call: Call) => Made;
/** Rules by the names of ONNX's ops. */
export type Rules = Readonly<Record<string, Rule>>;

export const isValue = (x: Node | Value): x is Value => "node" in x;
export type { Node, Shape };
