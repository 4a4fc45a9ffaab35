/**
 * Which nodes are computed in the blocked layout, and how: one rule per op. Images become blocked in convolutions and stay
 * so through everything elementwise and through pooling; every other op takes and gives natural values.
 */
import { sizeOf, type Node, type NodeOf, type OpName, type Shape } from "../graph/index.ts";
import { blockedConv2d, blockedConvTranspose2d, perChannel } from "./blocked-convolution.ts";
import { blockedConv2dWeight } from "./blocked-weight.ts";
import { poolAttributes } from "./convolution.ts";
import { elementType, type Emitter } from "./emit.ts";
import { lower, type Lowering } from "./lower.ts";
import { tiles } from "./pooling.ts";
import { blockedRandomBits } from "./random.ts";
import { int64s, reshapeTo, scalar } from "./shapes.ts";
import { isBlockable, nchwc, view, viewShape, type Form, type Value } from "./value.ts";

/** `null`: the natural lowering. */
export type Rule<K extends OpName> = (
  n: NodeOf<K>,
  inputs: readonly Value[],
  e: Emitter,
) => Form | null;

const natural = (): null => null;

/** Layouts do not matter to what treats every element alike; operands that broadcast are brought into shape. */
const elementwise = (n: Node, inputs: readonly Value[], e: Emitter): Form | null => {
  if (!isBlockable(n, e)) return null;
  const full = inputs.filter(({ node }) => `${node.shape}` === `${n.shape}`);
  const some = full.some((x) => x.layout === "blocked");
  const all = full.length > 0 && full.every((x) => x.layout === "either");
  // Whole numbers cannot be reordered, so they are blocked only where they can be natural as well.
  if (!(all || (some && (n.dtype === "float" || n.dtype === "bool")))) return null;
  return { layout: all ? "either" : "blocked", emit: () => lowerBlocked(n, inputs, e) };
};
function lowerBlocked(n: Node, inputs: readonly Value[], e: Emitter): string {
  const rule = lower[n.op] as Lowering<OpName>;
  const stretches = inputs.some(
    ({ node }) => `${node.shape}` !== `${n.shape}` && sizeOf(node.shape) > 1,
  );
  if (!stretches)
    return rule(
      n as never,
      inputs.map((x) => (sizeOf(x.node.shape) > 1 ? x.blocked() : x.natural())),
      e,
    );
  const y = rule(
    n as never,
    inputs.map((x) => operandView(x, e)),
    e,
  );
  return reshapeTo(e, y, n.shape);
}
/** An operand as it broadcasts against a blocked image seen as [n, c/b, h, w, b]. */
function operandView(x: Value, e: Emitter): string {
  const [n, c, h, w] = fourAxes(x.node.shape);
  if (c === 1) return reshapeTo(e, x.natural(), [n, 1, h, w, 1]);
  const name = h * w === 1 ? x.natural() : x.blocked();
  return x.node.shape.length === 4
    ? view(name, x.node.shape, e)
    : reshapeTo(e, name, viewShape([n, c, h, w], e));
}
const fourAxes = (shape: Shape): readonly [number, number, number, number] =>
  [...Array<number>(4 - shape.length).fill(1), ...shape] as never;

/** One number a channel, [1, c, 1, 1]. */
const isPerChannel = ({ node: { shape } }: Value, { node }: Value): boolean =>
  sizeOf(shape) === node.shape[1] && fourAxes(shape)[1] === node.shape[1];

/** A blocked image and one number a channel, in that order. */
function imageAndChannel(inputs: readonly Value[], n: Node): readonly [Value, Value] | null {
  const found = [inputs, inputs.toReversed()].find(
    ([a, b]) => a.layout === "blocked" && `${a.node.shape}` === `${n.shape}` && isPerChannel(b, a),
  );
  return found ? [found[0], found[1]] : null;
}

const add: Rule<"add"> = (n, inputs, e) => {
  const [image, by] = imageAndChannel(inputs, n) ?? [];
  if (!image || !by) return elementwise(n, inputs, e);
  const bias = { bias: by.natural() };
  return image.extend?.(bias) ?? perChannel(image, bias, e);
};
const sub: Rule<"sub"> = (n, inputs, e) => {
  const [image, by] = imageAndChannel(inputs, n) ?? [];
  return image && by && image === inputs[0]
    ? perChannel(image, { bias: e.emit("Neg", [by.natural()]) }, e)
    : elementwise(n, inputs, e);
};
const mul: Rule<"mul"> = (n, inputs, e) => {
  const [image, by] = imageAndChannel(inputs, n) ?? [];
  return image && by ? perChannel(image, { scale: by.natural() }, e) : elementwise(n, inputs, e);
};
const leakyRelu: Rule<"leakyRelu"> = (n, inputs, e) => {
  const { alpha } = n.attrs;
  const activate = alpha === 0 ? (["Relu", []] as const) : (["LeakyRelu", [alpha]] as const);
  return inputs[0].extend?.({ activate }) ?? elementwise(n, inputs, e);
};

/** 3e38 x, cut off, in one pass. */
const leakyStep: Rule<"leakyStep"> = (n, inputs, e) => {
  const [x] = inputs;
  const { alpha } = n.attrs;
  if (x.layout !== "blocked" || alpha === 0 || !e.does("masks")) return elementwise(n, inputs, e);
  const scale = e.constant(new Float32Array(n.shape[1]).fill(3e38), [n.shape[1]], "float");
  return perChannel(x, { scale, activate: ["Clip", [alpha, 1]] }, e);
};

/** Over positions, and over the batch if that is asked for too; all of an image at once has no layout. */
const sum: Rule<"sum"> = ({ attrs, shape, inputs: [{ shape: from }] }, [x], e) => {
  if (x.layout !== "blocked") return null;
  const over = `${attrs.axes.toSorted()}`;
  if (over === "0,1,2,3" || over === "1,2,3")
    return {
      layout: "natural",
      emit: () =>
        e.emit("ReduceSum", [x.blocked(), int64s(e, attrs.axes)], {
          attrs: { keepdims: Number(attrs.keepDims) },
        }),
    };
  if (over !== "2,3" && over !== "0,2,3") return null;
  return {
    layout: "natural",
    emit() {
      const means = nchwc(e, "GlobalAveragePool", [x.blocked()]);
      const sums = e.emit("Mul", [means, scalar(e, from[2] * from[3])]);
      if (over === "2,3") return reshapeTo(e, sums, shape);
      const total = e.emit("ReduceSum", [sums, int64s(e, [0])], { attrs: { keepdims: 1 } });
      return reshapeTo(e, total, shape);
    },
  };
};

/** Of one number a channel or an image: where it is used it may as well be blocked. */
const broadcastTo: Rule<"broadcastTo"> = (n, [x], e) => {
  if (!isBlockable(n, e)) return null;
  const [, c, h, w] = fourAxes(x.node.shape);
  if (c !== 1 && h * w !== 1) return null;
  return {
    layout: "either",
    emit: () =>
      reshapeTo(
        e,
        e.emit("Expand", [operandView(x, e), int64s(e, viewShape(n.shape, e))]),
        n.shape,
      ),
  };
};

const maxPool2d: Rule<"maxPool2d"> = (n, [x], e) =>
  x.layout === "blocked" ? { layout: "blocked", emit: () => blockedMaxPool(n, x, e) } : null;

/** Shared by the pooling and its gradient. */
const blockedMaxPool = (
  { attrs }: NodeOf<"maxPool2d"> | NodeOf<"maxPool2dGrad">,
  x: Value,
  e: Emitter,
): string =>
  e.once(`MaxPool ${x.blocked()} ${JSON.stringify(attrs)}`, () =>
    nchwc(e, "MaxPool", [x.blocked()], poolAttributes(attrs)),
  );

/** As `gradOfTiles` in pooling.ts, on blocked images. */
const maxPool2dGrad: Rule<"maxPool2dGrad"> = (n, [x, dy], e) => {
  if (x.layout !== "blocked" || !tiles(n)) return null;
  const { kernel } = n.attrs;
  const up = (y: string): string =>
    nchwc(e, "Upsample", [y], { scales: [1, 1, ...kernel], mode: "nearest" });
  return {
    layout: "blocked",
    emit() {
      const winners = e.emit(
        "Cast",
        [e.emit("Equal", [x.blocked(), up(blockedMaxPool(n, x, e))])],
        {
          attrs: { to: elementType.float },
        },
      );
      const share = nchwc(e, "AveragePool", [winners], {
        ...poolAttributes(n.attrs),
        count_include_pad: 1,
      });
      const count = e.emit("Mul", [share, scalar(e, sizeOf(kernel))]);
      return e.emit("Mul", [winners, up(e.emit("Div", [dy.blocked(), count]))]);
    },
  };
};

export const blocked: { readonly [K in OpName]: Rule<K> } = {
  input: natural,
  parameter: natural,
  constant: natural,

  neg: elementwise,
  abs: elementwise,
  sign: elementwise,
  exp: elementwise,
  expm1: elementwise,
  log: elementwise,
  log1p: elementwise,
  sqrt: elementwise,
  safeReciprocal: elementwise,
  sin: elementwise,
  cos: elementwise,
  tanh: elementwise,
  sigmoid: elementwise,
  softplus: elementwise,
  erf: elementwise,
  leakyRelu,
  leakyStep,
  elu: elementwise,
  clip: elementwise,
  floor: elementwise,
  round: elementwise,
  isNaN: elementwise,
  logicalNot: elementwise,
  cast: elementwise,
  stopGradient: elementwise,
  within: natural,

  add,
  sub,
  mul,
  div: elementwise,
  pow: elementwise,
  maximum: elementwise,
  minimum: elementwise,
  equal: elementwise,
  less: elementwise,
  lessOrEqual: elementwise,
  logicalAnd: elementwise,
  logicalOr: elementwise,
  select: elementwise,
  scaled: natural,

  sum,
  max: natural,
  norm: natural,
  argmax: natural,
  topKIndices: natural,
  cumulativeSum: natural,

  matmul: natural,
  conv2d: blockedConv2d,
  convTranspose2d: blockedConvTranspose2d,
  conv2dWeight: blockedConv2dWeight,
  maxPool2d,
  maxPool2dGrad,

  reshape: natural,
  transpose: natural,
  broadcastTo,
  concat: natural,
  slice: natural,
  pad: natural,
  gather: natural,
  scatterAdd: natural,

  randomBits: (n, [key], e) =>
    isBlockable(n, e)
      ? { layout: "either", emit: () => blockedRandomBits(n, [key.natural()], e) }
      : null,
};
