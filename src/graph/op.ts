/**
 * The language on one screen: every op with its number of inputs and its attributes.
 *
 * A graph is made of immutable nodes. Shapes are static. `float` is float32 on ONNX Runtime and float64 in the
 * reference interpreter; the other types are the same everywhere. Every table over ops in this code base is total
 * (`{ readonly [K in OpName]: ... }`), so the type checker lists the places where a new op must be mentioned.
 */

export type Dtype = "float" | "int32" | "uint32" | "bool";
/** Sizes of axes, outermost first; [] is a scalar. */
export type Shape = readonly number[];
export type Axes = readonly number[];

/** How a parameter's first value is drawn; a description, so that building a graph computes nothing. */
export type Init =
  | { readonly kind: "constant"; readonly value: number }
  /** N(0, std^2), a pure function of the run's seed and `stream` (by default the parameter's name). */
  | { readonly kind: "normal"; readonly std: number; readonly stream?: string }
  | { readonly kind: "uniform"; readonly limit: number; readonly stream?: string }
  | { readonly kind: "values"; readonly values: ArrayLike<number> }
  /** A copy of another parameter's first value. */
  | { readonly kind: "copy"; readonly of: string };

/** Two-dimensional windows as in ONNX: `pads` is [top, left, bottom, right]. */
export interface Window2d {
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
}
export interface Conv2dAttrs extends Window2d {
  readonly groups: number;
}
export interface Pool2dAttrs extends Window2d {
  readonly kernel: readonly [number, number];
}
interface Reduction {
  readonly axes: Axes;
  readonly keepDims: boolean;
}
type None = object;

interface Op<Arity extends number, Attrs = None> {
  readonly arity: Arity;
  readonly attrs: Attrs;
}

/** Every op by name: what it takes beside nodes, and how many nodes. */
export interface Ops {
  // leaves
  input: Op<0, { readonly name: string; readonly shape: Shape; readonly dtype: Dtype }>;
  parameter: Op<
    0,
    {
      readonly name: string;
      readonly shape: Shape;
      readonly dtype: Dtype;
      readonly init: Init;
      readonly trainable: boolean;
    }
  >;
  constant: Op<
    0,
    { readonly shape: Shape; readonly dtype: Dtype; readonly data: ArrayLike<number> }
  >;

  // elementwise, one input
  neg: Op<1>;
  abs: Op<1>;
  sign: Op<1>;
  exp: Op<1>;
  /** e^x - 1, to full precision near 0. */
  expm1: Op<1>;
  log: Op<1>;
  /** log(1 + x), to full precision near 0. */
  log1p: Op<1>;
  sqrt: Op<1>;
  /** 1 / x, and exactly 0 where x = 0: the zero-row rule of weight normalization. */
  safeReciprocal: Op<1>;
  sin: Op<1>;
  cos: Op<1>;
  tanh: Op<1>;
  sigmoid: Op<1>;
  softplus: Op<1>;
  erf: Op<1>;
  /** x where x > 0, alpha x elsewhere, 0 <= alpha <= 1; `relu` is alpha = 0. */
  leakyRelu: Op<1, { readonly alpha: number }>;
  /** 1 where x > 0, alpha elsewhere: the derivative of `leakyRelu`. */
  leakyStep: Op<1, { readonly alpha: number }>;
  elu: Op<1, { readonly alpha: number }>;
  clip: Op<1, { readonly min: number; readonly max: number }>;
  floor: Op<1>;
  /** To the nearest whole number, halves to the even one. */
  round: Op<1>;
  isNaN: Op<1>;
  logicalNot: Op<1>;
  cast: Op<1, { readonly dtype: Dtype }>;
  stopGradient: Op<1>;
  /** int32 x itself; a program refuses to run where one lies outside [least, most] and is not `or`. `what`: whose they are. */
  within: Op<
    1,
    {
      readonly least: number;
      readonly most: number;
      readonly or?: number | undefined;
      readonly what: string;
    }
  >;

  // elementwise, two inputs broadcast against each other
  add: Op<2>;
  sub: Op<2>;
  mul: Op<2>;
  div: Op<2>;
  pow: Op<2>;
  maximum: Op<2>;
  minimum: Op<2>;
  equal: Op<2>;
  less: Op<2>;
  lessOrEqual: Op<2>;
  logicalAnd: Op<2>;
  logicalOr: Op<2>;
  /** `select(condition, x, y)`: x where the condition holds, y elsewhere. */
  select: Op<3>;
  /** `scaled(x, a, b)`: x a b with a and b broadcast to x, by way of x a where a is so far from 1 that a b may leave float32. */
  scaled: Op<3>;

  // over axes, and along one
  sum: Op<1, Reduction>;
  max: Op<1, Reduction>;
  /** The Euclidean norm over axes, of any size that float32 holds. */
  norm: Op<1, Reduction>;
  argmax: Op<1, { readonly axis: number }>;
  /** Where the k largest elements along `axis` are, int32, the largest first and of equals the first. */
  topKIndices: Op<1, { readonly axis: number; readonly k: number }>;
  /** What has come before, up to each element or (`exclusive`) short of it; `reverse` counts from the end. */
  cumulativeSum: Op<
    1,
    { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean }
  >;

  // products
  /** [..., n, k] @ [..., k, m] -> [..., n, m], leading axes broadcast. */
  matmul: Op<2>;
  /** x [n, c, h, w], w [o, c/groups, kh, kw] -> [n, o, h', w']. */
  conv2d: Op<2, Conv2dAttrs>;
  /** The gradient of `conv2d` to its x, and a layer of its own: x [n, o, h', w'], w [o, c/groups, kh, kw] -> [n, c, h, w]. */
  convTranspose2d: Op<2, Conv2dAttrs & { readonly size: readonly [number, number] }>;
  /** The gradient of `conv2d` to its w: x [n, c, h, w], dy [n, o, h', w'] -> [o, c/groups, kh, kw]. */
  conv2dWeight: Op<2, Conv2dAttrs & { readonly kernel: readonly [number, number] }>;
  maxPool2d: Op<1, Pool2dAttrs>;
  /** x, dy -> dx: every dy is shared equally among the largest elements of its window. */
  maxPool2dGrad: Op<2, Pool2dAttrs>;

  // shape
  reshape: Op<1, { readonly shape: Shape }>;
  transpose: Op<1, { readonly perm: Axes }>;
  broadcastTo: Op<1, { readonly shape: Shape }>;
  concat: Op<number, { readonly axis: number }>;
  /** Elements start, start + step, ... before end, per axis; steps may be negative, `end` -1 then means "to the front". */
  slice: Op<1, { readonly starts: Axes; readonly ends: Axes; readonly steps: Axes }>;
  /** Zeros around: [before, after] per axis. */
  pad: Op<1, { readonly pads: readonly (readonly [number, number])[] }>;
  /** x [n, ...], indices int32 -> [...indices, ...]: rows of x. */
  gather: Op<2>;
  /** indices, y -> [size, ...]: adds the rows of y up at their indices, the transpose of `gather`. */
  scatterAdd: Op<2, { readonly size: number }>;

  // randomness
  /**
   * An int32 of `bits` (at most 24) random bits, a pure function of key (uint32 [2]), stream and the element's index, which starts
   * at `first` (0 if it is missing): the part of a larger tensor that a process has is the same as in the whole.
   */
  randomBits: Op<
    1,
    {
      readonly shape: Shape;
      readonly stream: number;
      readonly bits: number;
      readonly first?: number;
    }
  >;
}

/** What ops are called. */
export type OpName = keyof Ops;
export type AttrsOf<K extends OpName> = Ops[K]["attrs"];

type InputsOf<K extends OpName> = number extends Ops[K]["arity"]
  ? readonly Node[]
  : {
      0: readonly [];
      1: readonly [Node];
      2: readonly [Node, Node];
      3: readonly [Node, Node, Node];
    }[Ops[K]["arity"] & (0 | 1 | 2 | 3)];

/** One value of a graph: an op applied to inputs. Frozen; two nodes are the same value if all of these are equal. */
export interface NodeOf<K extends OpName> {
  readonly op: K;
  readonly inputs: InputsOf<K>;
  readonly attrs: AttrsOf<K>;
  readonly shape: Shape;
  readonly dtype: Dtype;
}
/** One op applied to nodes: a value of a graph, with its shape and dtype known. Frozen, and nothing is computed. */
export type Node = { readonly [K in OpName]: NodeOf<K> }[OpName];

/** What is fed at every run, by name. */
export type Input = NodeOf<"input">;
/** State that lasts from step to step and changes only through updates. */
export type Parameter = NodeOf<"parameter">;

/** All that ever changes: `parameter` takes the value of `next` when the step is over. */
export interface Update {
  readonly parameter: Parameter;
  readonly next: Node;
}
