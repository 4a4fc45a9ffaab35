/** Over axes, and along one. */
import {
  abs,
  argmax,
  cast,
  cumulativeSum,
  expandDims,
  flip,
  log,
  logSumExp,
  max,
  mean,
  min,
  neg,
  norm,
  product,
  square,
  sub,
  sum,
  topK,
  type Node,
} from "../../graph/index.ts";
import { DataType } from "../../onnx/index.ts";
import type { Call, Made, Rule, Rules } from "../call.ts";
import { axesFrom, axesOf, axisOf } from "./axes.ts";
import { asFloat, throughFloat } from "./integers.ts";

interface Reduction {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}
const reduction =
  (f: (x: Node, options: Reduction) => Node): Rule =>
  (call) => {
    const x = call.x(0);
    const options = { axes: reduced(call, x), keepDims: call.int("keepdims", 1) !== 0 };
    const of = (y: Node): Node => f(y, options);
    return x.dtype === "float" ? of(x) : throughFloat(of)(x);
  };

/** Axes are an attribute before opset 18, of ReduceSum before 13, then an input; none of them are all of them. */
function reduced(call: Call, x: Node): readonly number[] {
  const rank = x.shape.length;
  const axes = call.optional(1) ? call.known(1, "its axes") : call.ints("axes", []);
  if (axes.length > 0) return axesOf(call, axes, rank);
  return call.int("noop_with_empty_axes", 0) === 0 ? axesFrom(0, rank) : [];
}

/** Where the largest element is; of several the first, or the last if that is asked for. */
const position =
  (f: (x: Node) => Node): Rule =>
  (call) => {
    const x = f(asFloat(call.x(0)));
    const axis = axisOf(call, call.int("axis", 0), x.shape.length);
    const last = call.int("select_last_index", 0) !== 0;
    const found = last ? sub(x.shape[axis] - 1, argmax(flip(x, axis), axis)) : argmax(x, axis);
    const kept = call.int("keepdims", 1) !== 0;
    return { node: kept ? expandDims(found, axis) : found, type: DataType.INT64 };
  };

/** The largest k or the smallest; before opset 10 k is an attribute. */
function topKOf(call: Call): Made {
  const x = call.x(0);
  const axis = axisOf(call, call.int("axis", -1), x.shape.length);
  const k = call.opset < 10 ? call.int("k") : call.known(1, "its k")[0];
  const turn = call.int("largest", 1) === 0 ? neg : (y: Node): Node => y;
  const { values, indices } = topK(turn(asFloat(x)), k, axis);
  return [cast(turn(values), x.dtype), { node: indices, type: DataType.INT64 }];
}

function runningSum(call: Call): Node {
  const x = call.x(0);
  const axis = axisOf(call, call.known(1, "its axis")[0], x.shape.length);
  const [exclusive, reverse] = ["exclusive", "reverse"].map((name) => call.int(name, 0) !== 0);
  return cumulativeSum(x, axis, { exclusive, reverse });
}

export const reduce: Rules = {
  ReduceSum: reduction(sum),
  ReduceMean: reduction(mean),
  ReduceMax: reduction(max),
  ReduceMin: reduction(min),
  ReduceProd: reduction(product),
  ReduceL1: reduction((x, options) => sum(abs(x), options)),
  ReduceL2: reduction(norm),
  ReduceSumSquare: reduction((x, options) => sum(square(x), options)),
  ReduceLogSum: reduction((x, options) => log(sum(x, options))),
  ReduceLogSumExp: reduction(logSumExp),
  ArgMax: position((x) => x),
  ArgMin: position(neg),
  TopK: topKOf,
  CumSum: runningSum,
};
