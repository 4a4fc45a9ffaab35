/** Activation functions. */
import {
  abs,
  add,
  clip,
  div,
  elu,
  gelu,
  greater,
  leakyRelu,
  less,
  mul,
  prelu,
  relu,
  reshape,
  select,
  sigmoid,
  softplus,
  sub,
  tanh,
  type Node,
} from "../../graph/index.ts";
import type { Call, Rules } from "../call.ts";
import { throughFloat } from "./integers.ts";
import { unary } from "./operands.ts";

/** Slopes beyond 0 to 1 have no op of their own. */
export const leaky = (x: Node, alpha: number): Node =>
  alpha >= 0 && alpha <= 1 ? leakyRelu(x, alpha) : prelu(x, alpha);

/** Before opset 7 a slope for every channel belongs to axis 1, later it is broadcast from the right. */
function slopes(call: Call): Node {
  const x = call.x(0);
  const slope = call.x(1);
  const perChannel = call.opset < 7 && slope.shape.length === 1 && x.shape.length > 1;
  return perChannel ? reshape(slope, [-1, ...x.shape.slice(2).map(() => 1)]) : slope;
}

export function hardSigmoid(x: Node, alpha: number, beta: number): Node {
  return clip(add(mul(x, alpha), beta), 0, 1);
}
export const softsign = (x: Node): Node => div(x, add(abs(x), 1));
/** x where it is above alpha, else 0. */
export const thresholded = (x: Node, alpha: number): Node => select(greater(x, alpha), x, 0);
/** From -lambd to lambd nothing is left. */
function shrunk(x: Node, lambd: number, bias: number): Node {
  return select(less(x, -lambd), add(x, bias), select(greater(x, lambd), sub(x, bias), 0));
}

export const activation: Rules = {
  Relu: (call) => {
    const x = call.x(0);
    return x.dtype === "float" ? relu(x) : throughFloat(relu)(x);
  },
  LeakyRelu: (call) => leaky(call.x(0), call.float("alpha", 0.01)),
  PRelu: (call) => {
    const x = call.x(0);
    const f = (y: Node, slope: Node): Node => prelu(y, slope);
    return x.dtype === "float" ? f(x, slopes(call)) : throughFloat(f)(x, slopes(call));
  },
  Elu: (call) => elu(call.x(0), call.float("alpha", 1)),
  Selu: (call) =>
    mul(
      elu(call.x(0), call.float("alpha", 1.6732632423543772)),
      call.float("gamma", 1.0507009873554805),
    ),
  Celu: (call) => {
    const alpha = call.float("alpha", 1);
    return mul(elu(mul(call.x(0), 1 / alpha)), alpha);
  },
  ThresholdedRelu: (call) => thresholded(call.x(0), call.float("alpha", 1)),
  Sigmoid: unary(sigmoid),
  Tanh: unary(tanh),
  HardSigmoid: (call) => hardSigmoid(call.x(0), call.float("alpha", 0.2), call.float("beta", 0.5)),
  HardSwish: unary((x) => mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  Swish: (call) => mul(call.x(0), sigmoid(mul(call.x(0), call.float("alpha", 1)))),
  Mish: unary((x) => mul(x, tanh(softplus(x)))),
  Gelu: (call) => gelu(call.x(0), { approximate: approximation(call) }),
  Softplus: unary(softplus),
  Softsign: unary(softsign),
  Shrink: (call) => shrunk(call.x(0), call.float("lambd", 0.5), call.float("bias", 0)),
};

function approximation(call: Call): "none" | "tanh" {
  const how = call.string("approximate", "none");
  if (how === "none" || how === "tanh") return how;
  throw call.fail(`expected approximate "none" or "tanh", got "${how}"; the file is damaged`);
}
