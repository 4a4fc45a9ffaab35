/**
 * Forms for graphics processors: what ONNX Runtime's WebGPU provider has no kernel for, and would hand to the processor and back,
 * or computes otherwise than we say (docs/guide/devices.md). Every op that is not here has the form of `lower.ts`.
 */
import { sizeOf, type Node, type NodeOf, type OpName } from "../graph/index.ts";
import { deviceRandomBits } from "./device-random.ts";
import { elementType, type Emitter } from "./emit.ts";
import { lower, type Lowering } from "./lower.ts";
import type { Copy } from "./renamed.ts";
import { int64s, reshapeTo, scalar } from "./shapes.ts";

type Op = (e: Emitter, ...inputs: readonly string[]) => string;
const op =
  (name: string): Op =>
  (e, ...inputs) =>
    e.emit(name, inputs);
const [add, sub, mul, div] = [op("Add"), op("Sub"), op("Mul"), op("Div")];
const [abs, exp, floor, less, greater, where] = [
  ...[op("Abs"), op("Exp"), op("Floor"), op("Less"), op("Greater"), op("Where")],
];
const cast = (e: Emitter, x: string, to: "float" | "bool"): string =>
  e.emit("Cast", [x], { attrs: { to: elementType[to] } });

/** What moves elements has no kernel for bool, so these go as floats. */
const moving =
  <K extends "transpose" | "concat" | "pad">(name: K): Lowering<K> =>
  (n, inputs, e) => {
    const natural = lower[name] as Lowering<K>;
    if (n.dtype !== "bool") return natural(n, inputs, e);
    const floats = inputs.map((x) => cast(e, x, "float"));
    return cast(e, natural(n, floats, e), "bool");
  };

/** c0 + x (c1 + x (c2 + ...)) */
const polynomial = (e: Emitter, x: string, [first, ...rest]: readonly number[]): string =>
  rest.length === 0
    ? scalar(e, first)
    : add(e, scalar(e, first), mul(e, x, polynomial(e, x, rest)));
const isNear = (e: Emitter, x: string, size: number): string => less(e, abs(e, x), scalar(e, size));

/** log(1 + x), near 0 as 2 atanh(s) of s = x / (2 + x): the device's logarithm is off by 2^-21 there, however small it is. */
function log1p(e: Emitter, x: string): string {
  const s = div(e, x, add(e, x, scalar(e, 2)));
  const series = polynomial(e, mul(e, s, s), [2, 2 / 3, 2 / 5, 2 / 7, 2 / 9]);
  const far = e.emit("Log", [add(e, x, scalar(e, 1))]);
  return where(e, isNear(e, x, 0.25), mul(e, s, series), far);
}

/** Where indices of int64 lead to: the same as int32, which is the one way there from them. */
const asInt32 = (e: Emitter, indices: string, size: number): string =>
  e.emit("Gather", [
    e.constant(
      Array.from({ length: size }, (_, i) => i),
      [size],
      "int32",
    ),
    indices,
  ]);

/** Powers that are products and roots, as others are exp2(y log2(x)), which is off by 1e-4 where x^y is near 1. */
const powers: ReadonlyMap<number, (e: Emitter, x: string) => string> = new Map([
  [-2, (e, x) => e.emit("Reciprocal", [mul(e, x, x)])],
  [-1, (e, x) => e.emit("Reciprocal", [x])],
  [-0.5, (e, x) => e.emit("Reciprocal", [e.emit("Sqrt", [x])])],
  [0.5, (e, x) => e.emit("Sqrt", [x])],
  [2, (e, x) => mul(e, x, x)],
  [3, (e, x) => mul(e, x, mul(e, x, x))],
  [4, (e, x) => mul(e, mul(e, x, x), mul(e, x, x))],
]);
function pow(n: NodeOf<"pow">, inputs: readonly string[], e: Emitter): string {
  const [x, y] = n.inputs;
  const power = y.op === "constant" && sizeOf(y.shape) === 1 ? y.attrs.data[0] : NaN;
  const known = powers.get(power);
  if (known && sizeOf(x.shape) === sizeOf(n.shape))
    return reshapeTo(e, known(e, inputs[0]), n.shape);
  // The kernel fails where one operand is stretched along the other's last axis.
  const full = n.inputs.map(({ shape }, i) =>
    sizeOf(shape) === 1 || `${shape}` === `${n.shape}`
      ? inputs[i]
      : e.emit("Expand", [inputs[i], int64s(e, n.shape)]),
  );
  return e.emit("Pow", full);
}

/** x as a sum of `count` numbers of so many bits: their products with whole numbers of up to 24 - bits are exact. */
function partsOf(x: number, { count, bits }: { readonly count: number; readonly bits: number }) {
  const parts: number[] = [];
  for (let rest = x; parts.length < count; rest -= parts.at(-1)!) {
    const unit = 2 ** (Math.floor(Math.log2(rest)) + 1 - bits);
    parts.push(Math.floor(rest / unit) * unit);
  }
  return parts;
}
const TURN = 2 * Math.PI;
const MANY_TURNS = 2 ** 12 * TURN;
const many = partsOf(MANY_TURNS, { count: 5, bits: 8 });
const one = partsOf(TURN, { count: 3, bits: 12 });
/** Angles up to this size are exact to 1e-6; beyond it float32 numbers are more than 64 apart, and the answer is NaN. */
const LARGEST_ANGLE = 2 ** 30;
/** The function of the angle within half a turn: what the device says of others is as rough as they are large. */
const ofAngle =
  (name: "Sin" | "Cos") =>
  (_: unknown, [x]: readonly string[], e: Emitter): string => {
    const nearest = (angle: string, size: number): string =>
      floor(e, add(e, mul(e, angle, scalar(e, 1 / size)), scalar(e, 0.5)));
    const thousands = nearest(x, MANY_TURNS);
    const without = (angle: string, turns: string, part: number): string =>
      sub(e, angle, mul(e, turns, scalar(e, part)));
    const about = many.slice(0, 2).reduce((rest, part) => without(rest, thousands, part), x);
    const turns = nearest(without(about, thousands, many[2]), TURN);
    // From large to small, so that every difference but the last two is exact.
    const products: readonly (readonly [string, number])[] = [
      ...[[turns, one[0]] as const, [thousands, many[2]] as const, [thousands, many[3]] as const],
      ...[[turns, one[1]] as const, [thousands, many[4]] as const, [turns, one[2]] as const],
    ];
    const within = products.reduce((rest, [count, part]) => without(rest, count, part), about);
    return where(e, isNear(e, x, LARGEST_ANGLE), e.emit(name, [within]), scalar(e, NaN));
  };

/** Elements along axes, one axis at a time by their places. */
const slice: Lowering<"slice"> = (n, [x], e) => {
  const { starts, ends, steps } = n.attrs;
  const { shape } = n.inputs[0];
  // The kernel takes floats alone, and steps backwards from the last element wherever they are to start.
  if (n.dtype === "float" && steps.every((step) => step > 0)) return lower.slice(n, [x], e);
  const floats = n.dtype === "bool" ? cast(e, x, "float") : x;
  const found = n.shape.reduce((y, count, axis) => {
    if (starts[axis] === 0 && ends[axis] === shape[axis] && steps[axis] === 1) return y;
    const places = Array.from({ length: count }, (_, i) => starts[axis] + i * steps[axis]);
    return e.emit("Gather", [y, e.constant(places, [count], "int32")], { attrs: { axis } });
  }, floats);
  return n.dtype === "bool" ? cast(e, found, "bool") : found;
};

/** A copy; of bool, which Identity does not take, by a conjunction. */
export const deviceCopy = (value: string, { dtype }: Pick<Node, "dtype">): ReturnType<Copy> =>
  dtype === "bool"
    ? { opType: "And", input: [value, value] }
    : { opType: "Identity", input: [value] };

export const deviceForms: { readonly [K in OpName]?: Lowering<K> } = {
  // x itself where it is 0, or no number.
  sign: (_, [x], e) => {
    const zero = scalar(e, 0);
    const other = where(e, less(e, x, zero), scalar(e, -1), x);
    return where(e, greater(e, x, zero), scalar(e, 1), other);
  },
  expm1: (_, [x], e) => {
    const series = polynomial(e, x, [1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040]);
    const far = sub(e, exp(e, x), scalar(e, 1));
    return where(e, isNear(e, x, 0.4), mul(e, x, series), far);
  },
  log1p: (_, [x], e) => log1p(e, x),
  // max(x, 0) + log(1 + e^-|x|)
  softplus: (_, [x], e) =>
    add(e, e.emit("Relu", [x]), log1p(e, exp(e, e.emit("Neg", [abs(e, x)])))),
  sin: ofAngle("Sin"),
  cos: ofAngle("Cos"),
  round: (_, [x], e) => {
    const down = floor(e, x);
    const over = sub(e, x, down);
    const half = scalar(e, 0.5);
    const isOdd = sub(e, down, mul(e, scalar(e, 2), floor(e, mul(e, down, half))));
    const atHalf = where(e, e.emit("Equal", [over, half]), isOdd, scalar(e, 0));
    return add(e, down, where(e, greater(e, over, half), scalar(e, 1), atHalf));
  },
  // Neither below zero nor not: two comparisons that nothing may fold into one.
  isNaN: (_, [x], e) => {
    const zero = scalar(e, 0);
    const parts = [less(e, x, zero), e.emit("GreaterOrEqual", [x, zero])];
    return e.emit("And", [...parts.map((part) => e.emit("Not", [part]))]);
  },
  logicalOr: (_, inputs, e) =>
    e.emit("Not", [
      e.emit(
        "And",
        inputs.map((x) => e.emit("Not", [x])),
      ),
    ]),
  equal: (n, inputs, e) =>
    e.emit("Equal", n.inputs[0].dtype === "bool" ? inputs.map((x) => cast(e, x, "float")) : inputs),
  pow,

  max: (n, inputs, e) =>
    sizeOf(n.inputs[0].shape) === 0
      ? e.emit("Expand", [scalar(e, -Infinity), int64s(e, n.shape)])
      : lower.max(n, inputs, e),
  argmax: ({ attrs: { axis }, inputs: [{ shape }] }, [x], e) =>
    asInt32(e, e.emit("ArgMax", [x], { attrs: { axis, keepdims: 0 } }), shape[axis]),
  topKIndices: (n, [x], e) => {
    const { axis, k } = n.attrs;
    if (n.shape.includes(0)) return e.constant([], n.shape, "int32");
    // The kernel fills lines up with the least float, of which -Infinity must stay ahead.
    const inside = e.emit("Max", [x, scalar(e, -3.4028232e38)]);
    const values = e.emit("TopK", [inside, int64s(e, [k])], { attrs: { axis }, outputs: 2 });
    return asInt32(e, `${values}:1`, n.inputs[0].shape[axis]);
  },

  transpose: moving("transpose"),
  concat: moving("concat"),
  pad: moving("pad"),
  slice,
  randomBits: deviceRandomBits,
};
