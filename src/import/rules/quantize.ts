/** Quantized tensors: they are computed with as the floats that they stand for. No gradient flows through rounding. */
import {
  add,
  cast,
  clip,
  div,
  max,
  maximum,
  min,
  minimum,
  mul,
  reshape,
  round,
  select,
  equal,
  sub,
  type Node,
} from "../../graph/index.ts";
import { DataType } from "../../onnx/index.ts";
import type { Call, Made, Rules, Value } from "../call.ts";
import { axisOf } from "./axes.ts";
import { convolved } from "./convolution.ts";
import { asFloat, rangeOf } from "./integers.ts";
import { numpyMatmul } from "./product.ts";

/** One number, or one for every place along `axis`, as it broadcasts against x. */
function along(call: Call, parameter: Node, x: Node, axis: number): Node {
  if (parameter.shape.length !== 1 || parameter.shape[0] === 1) {
    if (parameter.shape.length > 1)
      throw call.fail(
        `expected one scale or one for every place of an axis, got scales of shape [${parameter.shape}], which are not supported; cut the model before it`,
      );
    return reshape(parameter, []);
  }
  return reshape(
    parameter,
    x.shape.map((_, i) => (i === axis ? -1 : 1)),
  );
}
const axisFor = (call: Call, x: Node): number =>
  x.shape.length < 2 ? 0 : axisOf(call, call.int("axis", 1), x.shape.length);

function quantized(call: Call, x: Node, scale: Node, zero: Node | undefined, type: number): Value {
  const [least, most] = rangeOf(call, type);
  const steps = round(div(x, scale));
  return { node: cast(clip(zero ? add(steps, zero) : steps, least, most), "int32"), type };
}
function dequantized(x: Node, scale: Node, zero: Node | undefined): Node {
  return mul(zero ? sub(asFloat(x), zero) : asFloat(x), scale);
}

function quantizeLinear(call: Call): Value {
  const x = asFloat(call.x(0));
  const axis = axisFor(call, x);
  const zero = call.optional(2);
  const type = zero ? call.inputs[2]!.type : call.int("output_dtype", 0) || DataType.UINT8;
  const given = zero && along(call, asFloat(zero), x, axis);
  return quantized(call, x, along(call, call.x(1), x, axis), given, type);
}
function dequantizeLinear(call: Call): Node {
  const x = call.x(0);
  const axis = axisFor(call, x);
  const zero = call.optional(2);
  return dequantized(
    x,
    along(call, call.x(1), x, axis),
    zero && along(call, asFloat(zero), x, axis),
  );
}

/** To uint8, with the scale that the range of x asks for; 0 is a number of its own. */
function dynamicQuantizeLinear(call: Call): Made {
  const x = call.x(0);
  const low = minimum(min(x), 0);
  const scale = div(sub(maximum(max(x), 0), low), 255);
  const safe = select(equal(scale, 0), 1, scale);
  const zero = round(clip(div(sub(0, low), safe), 0, 255));
  const type = DataType.UINT8;
  return [quantized(call, x, safe, zero, type), scale, { node: cast(zero, "int32"), type }];
}

/** Input `i` less its zero point, input `zero`: one, or one for every place along `axis`. */
function centred(call: Call, i: number, zero: number, axis: number): Node {
  const x = asFloat(call.x(i));
  const z = call.optional(zero);
  return z ? sub(x, along(call, asFloat(z), x, axis < 0 ? axis + x.shape.length : axis)) : x;
}
const integers = (x: Node): Value => ({ node: cast(x, "int32"), type: DataType.INT32 });

/** Inputs x, scale, zero point of a quantized operand, beginning at `i`. */
function operand(call: Call, i: number, axis: number): Node {
  const x = call.x(i);
  const at = axis < 0 ? axis + x.shape.length : axis;
  const [scale, zero] = [call.x(i + 1), asFloat(call.x(i + 2))];
  return dequantized(x, along(call, scale, x, at), along(call, zero, x, at));
}
const result = (call: Call, y: Node, scale: number): Value =>
  quantized(
    call,
    y,
    along(call, call.x(scale), y, y.shape.length - 2),
    along(call, asFloat(call.x(scale + 1)), y, y.shape.length - 2),
    call.inputs[scale + 1]!.type,
  );
function qLinearConv(call: Call): Value {
  const y = convolved(call, operand(call, 0, 1), operand(call, 3, 0));
  if (!call.optional(8)) return result(call, y, 6);
  // The bias counts in products of the scales of x and w.
  const unit = mul(call.x(1), call.x(4));
  const bias = mul(asFloat(call.x(8)), unit);
  return result(call, add(y, along(call, bias, y, 1)), 6);
}

export const quantize: Rules = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  ConvInteger: (call) => integers(convolved(call, centred(call, 0, 2, 1), centred(call, 1, 3, 0))),
  MatMulInteger: (call) => integers(numpyMatmul(centred(call, 0, 2, -2), centred(call, 1, 3, -1))),
  QLinearConv: qLinearConv,
  QLinearMatMul: (call) => result(call, numpyMatmul(operand(call, 0, -2), operand(call, 3, -1)), 6),
};
