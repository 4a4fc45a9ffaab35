/** Normalizations: by statistics of a batch, of a sample or of a row. */
import {
  abs,
  add,
  argmax,
  div,
  logSoftmax,
  mean,
  mul,
  norm,
  oneHot,
  reshape,
  safeReciprocal,
  sizeOf,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  transpose,
  type Node,
} from "../../graph/index.ts";
import type { Call, Made, Rule, Rules } from "../call.ts";
import { axesFrom, axisOf } from "./axes.ts";

/** [channels] as it broadcasts against x [batch, channels, ...]; also [channels, ...]. */
const perChannel = (x: Node, b: Node): Node =>
  reshape(b, [1, ...b.shape, ...x.shape.slice(1 + b.shape.length).map(() => 1)]);

/** What is left of x when its mean over axes is taken away, and 1 / its standard deviation. */
interface Standard {
  readonly mu: Node;
  readonly centred: Node;
  readonly inverse: Node;
}
function standardOf(x: Node, axes: readonly number[], epsilon: number): Standard {
  const mu = mean(x, { axes, keepDims: true });
  const centred = sub(x, mu);
  const variance = mean(square(centred), { axes, keepDims: true });
  return { mu, centred, inverse: div(1, sqrt(add(variance, epsilon))) };
}
const epsilonOf = (call: Call): number => call.float("epsilon", 1e-5);

/** By statistics that are known, in two passes over x as ONNX Runtime does it; in training mode by those of the batch. */
function batchNorm(call: Call): Made {
  const [x, scale, shift, mu, variance] = [0, 1, 2, 3, 4].map((i) => call.x(i));
  const epsilon = epsilonOf(call);
  if (call.int("training_mode", 0) !== 0) return trained(call, epsilon);
  const factor = div(scale, sqrt(add(variance, epsilon)));
  const rest = sub(shift, mul(mu, factor));
  return add(mul(x, perChannel(x, factor)), perChannel(x, rest));
}
function trained(call: Call, epsilon: number): Made {
  const [x, scale, shift, mu, variance] = [0, 1, 2, 3, 4].map((i) => call.x(i));
  const axes = [0, ...axesFrom(2, x.shape.length)];
  const { mu: now, centred, inverse } = standardOf(x, axes, epsilon);
  const y = add(mul(mul(centred, inverse), perChannel(x, scale)), perChannel(x, shift));
  const momentum = call.float("momentum", 0.9);
  const running = (old: Node, statistic: Node): Node =>
    add(mul(old, momentum), mul(reshape(statistic, old.shape), 1 - momentum));
  const made = [y, running(mu, now), running(variance, mean(square(centred), { axes }))];
  return made.slice(0, Math.max(1, call.outputs.length));
}

function instanceNorm(call: Call): Node {
  const x = call.x(0);
  const { centred, inverse } = standardOf(x, axesFrom(2, x.shape.length), epsilonOf(call));
  const y = mul(mul(centred, inverse), perChannel(x, call.x(1)));
  return add(y, perChannel(x, call.x(2)));
}

/** Over the axes from `axis` on; scale and shift broadcast from the right. */
function layerNorm(call: Call): Made {
  const x = call.x(0);
  const rank = x.shape.length;
  const axes = axesFrom(axisOf(call, call.int("axis", -1), rank), rank);
  const { mu, centred, inverse } = standardOf(x, axes, epsilonOf(call));
  const scaled = mul(mul(centred, inverse), call.x(1));
  const shift = call.optional(2);
  const made = [shift ? add(scaled, shift) : scaled, mu, inverse];
  return made.slice(0, Math.max(1, call.outputs.length));
}
function rmsNorm(call: Call): Node {
  const x = call.x(0);
  const rank = x.shape.length;
  const axes = axesFrom(axisOf(call, call.int("axis", -1), rank), rank);
  const squares = mean(square(x), { axes, keepDims: true });
  return mul(mul(x, div(1, sqrt(add(squares, epsilonOf(call))))), call.x(1));
}

/** Groups of channels; scale and shift are per group before opset 21, then per channel. */
function groupNorm(call: Call): Node {
  const x = call.x(0);
  const groups = call.int("num_groups");
  const [n, channels] = x.shape;
  if (!(groups > 0 && channels % groups === 0))
    throw call.fail(
      `expected num_groups that divide ${channels} channels, got ${groups}; the file is damaged`,
    );
  const grouped = reshape(x, [n, groups, -1]);
  const { centred, inverse } = standardOf(grouped, [2], epsilonOf(call));
  const standard = mul(centred, inverse);
  const [scale, shift] = [call.x(1), call.x(2)];
  if (call.opset < 21) {
    const y = mul(standard, reshape(scale, [1, groups, 1]));
    return reshape(add(y, reshape(shift, [1, groups, 1])), x.shape);
  }
  return add(mul(reshape(standard, x.shape), perChannel(x, scale)), perChannel(x, shift));
}

function lpNorm(call: Call): Node {
  const x = call.x(0);
  const axes = axisOf(call, call.int("axis", -1), x.shape.length);
  const length =
    call.int("p", 2) === 1
      ? sum(abs(x), { axes, keepDims: true })
      : norm(x, { axes, keepDims: true });
  return mul(x, safeReciprocal(length));
}

/** (x - mean) / (standard deviation + 1e-9); where all are equal no gradient flows through the deviation. */
function meanVariance(call: Call): Node {
  const x = call.x(0);
  const axes = call.ints("axes", [0, 2, 3]).map((axis) => axisOf(call, axis, x.shape.length));
  const centred = sub(x, mean(x, { axes, keepDims: true }));
  const count = sizeOf(axes.map((axis) => x.shape[axis]));
  const deviation = mul(norm(centred, { axes, keepDims: true }), 1 / Math.sqrt(count));
  return div(centred, add(deviation, 1e-9));
}

/** Along `axis`; before opset 13 over all axes from `axis` on, 1 unless it is given. */
const along =
  (f: (x: Node, axis: number) => Node): Rule =>
  (call) => {
    const x = call.x(0);
    const rank = x.shape.length;
    if (call.opset >= 13) return f(x, axisOf(call, call.int("axis", -1), rank));
    const given = call.int("axis", 1);
    const axis = given === rank ? rank : axisOf(call, given, rank);
    const before = sizeOf(x.shape.slice(0, axis));
    return reshape(f(reshape(x, [before, sizeOf(x.shape.slice(axis))]), 1), x.shape);
  };
/** 1 at the first of the largest elements and 0 elsewhere. */
function hardmax(x: Node, axis: number): Node {
  const last = oneHot(argmax(x, axis), x.shape[axis]);
  const rank = x.shape.length;
  return transpose(
    last,
    x.shape.map((_, i) => (i === axis ? rank - 1 : i < axis ? i : i - 1)),
  );
}

export const normalize: Rules = {
  BatchNormalization: batchNorm,
  InstanceNormalization: instanceNorm,
  LayerNormalization: layerNorm,
  RMSNormalization: rmsNorm,
  GroupNormalization: groupNorm,
  LpNormalization: lpNorm,
  MeanVarianceNormalization: meanVariance,
  Softmax: along(softmax),
  LogSoftmax: along(logSoftmax),
  Hardmax: along(hardmax),
};
