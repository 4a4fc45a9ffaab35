/**
 * One form per op on four float32 lanes of a vector, in IEEE arithmetic and thus bit for bit what ONNX Runtime's kernels give, but for
 * the larger or smaller of 0 and -0, where these choose by an element's place. Bools are masks. `null`: what has no such form, or rounds as its library likes, stays in the graph.
 */
import type { NodeOf, OpName } from "../graph/index.ts";
import { constant, v128, type Code, type Operator } from "./wasm.ts";

/** From a node and the code of its inputs, the code of its value. Inputs may be used more than once: they are locals. */
export type Lanes<K extends OpName> = (node: NodeOf<K>, inputs: readonly Code[]) => Code;

const direct =
  (op: Operator) =>
  (_: unknown, inputs: readonly Code[]): Code =>
    op(...inputs);
const ZERO = constant(0);
const ONE = constant(1);
/** `value` where `mask` holds, 0 elsewhere. */
const masked = (mask: Code, value: Code): Code => v128.and(mask, value);

export const lanes: { readonly [K in OpName]: Lanes<K> | null } = {
  input: null,
  parameter: null,
  constant: null,

  neg: direct(v128.neg),
  abs: direct(v128.abs),
  sign: (_, [x]) => {
    const ofNumber = v128.sub(masked(v128.greater(x, ZERO), ONE), masked(v128.less(x, ZERO), ONE));
    return v128.select(ofNumber, x, v128.equal(x, x)); // of NaN it is NaN
  },
  exp: null,
  expm1: null,
  log: null,
  log1p: null,
  sqrt: direct(v128.sqrt),
  safeReciprocal: (_, [x]) => masked(v128.notEqual(x, ZERO), v128.div(ONE, x)),
  sin: null,
  cos: null,
  tanh: null,
  sigmoid: null,
  softplus: null,
  erf: null,
  leakyRelu: null,
  leakyStep: null,
  elu: null,
  clip: ({ attrs: { min, max } }, [x]) =>
    v128.lesserOr(v128.greaterOr(x, constant(min)), constant(max)),
  floor: direct(v128.floor),
  round: direct(v128.nearest),
  isNaN: (_, [x]) => v128.notEqual(x, x),
  logicalNot: direct(v128.not),
  cast: (_, [x]) => masked(x, ONE), // of a bool: no other cast makes a float of what is here
  stopGradient: (_, [x]) => x,
  within: null,

  add: direct(v128.add),
  sub: direct(v128.sub),
  mul: direct(v128.mul),
  div: direct(v128.div),
  pow: null,
  maximum: direct(v128.max),
  minimum: direct(v128.min),
  equal: direct(v128.equal),
  less: direct(v128.less),
  lessOrEqual: direct(v128.lessOrEqual),
  logicalAnd: direct(v128.and),
  logicalOr: direct(v128.or),
  // ONNX Runtime's Where makes 0 of a -0 that is chosen, but not of one that is left.
  select: (_, [condition, x, y]) => v128.select(v128.add(x, ZERO), y, condition),
  scaled: null, // said in other ops: see expression.ts

  sum: null,
  max: null,
  norm: null,
  argmax: null,
  topKIndices: null,
  cumulativeSum: null,

  matmul: null,
  conv2d: null,
  convTranspose2d: null,
  conv2dWeight: null,
  maxPool2d: null,
  maxPool2dGrad: null,

  reshape: null,
  transpose: null,
  broadcastTo: null,
  concat: null,
  slice: null,
  pad: null,
  gather: null,
  scatterAdd: null,

  randomBits: null,
};
