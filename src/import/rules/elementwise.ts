/** Arithmetic element by element, and from one element type to another. */
import {
  abs,
  add,
  cast,
  clip,
  div,
  erf,
  exp,
  floor,
  less,
  log,
  maximum,
  minimum,
  mul,
  neg,
  ones,
  pow,
  round,
  select,
  sign,
  sizeOf,
  sqrt,
  square,
  sub,
  type Node,
} from "../../graph/index.ts";
import { DataType } from "../../onnx/index.ts";
import type { Call, Rule, Rules, Value } from "../call.ts";
import { asFloat, dtypeFor, throughFloat, wrapped } from "./integers.ts";
import { binary, operands } from "./operands.ts";

/** A function of floats; of integers by way of floats. */
const unary =
  (f: (x: Node) => Node): Rule =>
  (call) => {
    const x = call.x(0);
    return x.dtype === "float" ? f(x) : throughFloat(f)(x);
  };
const larger = (a: Node, b: Node): Node =>
  a.dtype === "float" ? maximum(a, b) : select(less(a, b), b, a);
const smaller = (a: Node, b: Node): Node =>
  a.dtype === "float" ? minimum(a, b) : select(less(b, a), b, a);

/** One or more tensors, broadcast against each other. */
const variadic =
  (f: (a: Node, b: Node) => Node): Rule =>
  (call) =>
    all(call).reduce((a, b) => f(a, b));
const all = (call: Call): readonly Node[] => [
  call.x(0),
  ...call.inputs.slice(1).map((_, i) => call.x(i + 1)),
];

/** Toward zero. */
const truncated = (x: Node): Node => mul(sign(x), floor(abs(x)));
/** What is left over of a / b; its sign is that of b, with `fmod` that of a. */
function remainder(call: Call): Node {
  const [a, b] = operands(call);
  const whole = call.int("fmod", 0) === 0 ? floor : truncated;
  const rest = (x: Node, y: Node): Node => sub(x, mul(whole(div(x, y)), y));
  return a.dtype === "float" ? rest(a, b) : throughFloat(rest)(a, b);
}

/** The exponents that models have most are products and roots, whose gradients are right everywhere. */
function power(call: Call): Node {
  const [a, b] = operands(call);
  const exponents =
    sizeOf(b.shape) === 1 && b.shape.length <= a.shape.length ? call.numbers(b) : undefined;
  const x = asFloat(a);
  const y =
    exponents?.[0] === 2
      ? square(x)
      : exponents?.[0] === 0.5
        ? sqrt(x)
        : exponents?.[0] === 1
          ? x
          : pow(x, asFloat(b));
  return cast(y, a.dtype);
}

/** Bounds are attributes before opset 11, then inputs. */
function clipped(call: Call): Node {
  const x = call.x(0);
  if (call.opset < 11) return clip(x, call.float("min", -Infinity), call.float("max", Infinity));
  const [low, high] = [call.optional(1), call.optional(2)];
  const [least, most] = [bound(call, low, -Infinity), bound(call, high, Infinity)];
  if (x.dtype === "float" && least !== undefined && most !== undefined && least <= most)
    return clip(x, least, most);
  const raised = low ? larger(x, low) : x;
  return high ? smaller(raised, high) : raised;
}
const bound = (call: Call, x: Node | undefined, otherwise: number): number | undefined =>
  x ? call.numbers(x)?.[0] : otherwise;

/** Bits that leave an integer's width are lost. */
function shifted(call: Call): Node {
  const [a, b] = [asFloat(call.x(0)), asFloat(call.x(1))];
  const y = call.string("direction") === "LEFT" ? mul(a, pow(2, b)) : floor(mul(a, pow(2, neg(b))));
  return cast(wrapped(call, y, call.inputs[0]!.type), call.x(0).dtype);
}

const castTo = (call: Call, type: number): Value => ({
  node: cast(call.x(0), dtypeFor(call, type)),
  type,
});

/** x itself: a model is imported as it is after training, also where it was exported with dropout in force. */
const dropout: Rule = (call) => {
  const x = call.x(0);
  if (call.outputs.length < 2) return x;
  const mask = cast(ones(x.shape), call.opset < 7 ? x.dtype : "bool");
  return [x, call.opset < 7 ? mask : { node: mask, type: DataType.BOOL }];
};

export const elementwise: Rules = {
  Add: binary(add),
  Sub: binary(sub),
  Mul: binary(mul),
  Div: binary((a, b) => (a.dtype === "float" ? div(a, b) : throughFloat(div)(a, b))),
  Mod: remainder,
  Pow: power,
  Neg: (call) => (call.x(0).dtype === "float" ? neg(call.x(0)) : mul(call.x(0), -1)),
  Abs: unary(abs),
  Sign: unary(sign),
  Exp: unary(exp),
  Log: unary(log),
  Sqrt: unary(sqrt),
  Reciprocal: unary((x) => div(1, x)),
  Erf: unary(erf),
  Floor: unary(floor),
  Ceil: unary((x) => neg(floor(neg(x)))),
  Round: unary(round),
  Clip: clipped,
  Max: variadic(larger),
  Min: variadic(smaller),
  Sum: variadic(add),
  Mean: (call) =>
    mul(
      all(call).reduce((a, b) => add(a, b)),
      1 / call.inputs.length,
    ),
  BitShift: shifted,
  Cast: (call) => castTo(call, call.int("to")),
  CastLike: (call) => castTo(call, need(call, 1).type),
  Identity: (call) => need(call, 0),
  Dropout: dropout,
};

function need(call: Call, i: number): Value {
  call.x(i); // complains where it is missing
  return call.inputs[i]!;
}
