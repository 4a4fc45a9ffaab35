/** Poolings, and what is normalized by its neighbours. */
import {
  abs,
  add,
  averagePool2d,
  cast,
  constant,
  div,
  equal,
  logicalAnd,
  max,
  maxPool2d,
  mean,
  mul,
  norm,
  pad,
  pow,
  reshape,
  select,
  sizeOf,
  square,
  sum,
  type Node,
  type Shape,
  type Window2d,
} from "../../graph/index.ts";
import type { Call, Rule, Rules } from "../call.ts";
import { axesFrom } from "./axes.ts";
import { few } from "./common.ts";
import { asFloat } from "./integers.ts";
import { asImages, spanOf, twoOf, windowOf, windowsOf, type Windows } from "./places.ts";

/** A pooling: its windows, and what its ends are beyond the padding that it asks for, so that a last window is whole. */
interface Pooling {
  readonly places: Shape;
  readonly windows: Windows;
  readonly out: Shape;
  /** Padding of the last window that is in no sense part of the input. */
  readonly extra: readonly number[];
}
/** More elements of a window, or windows, than any picture has: a damaged file must not take all memory. */
const LIMIT = 2 ** 26;

function poolingOf(call: Call): Pooling {
  const places = call.x(0).shape.slice(2);
  const windows = windowsOf(call, places, call.ints("kernel_shape"));
  const up = call.int("ceil_mode", 0) !== 0;
  const out = places.map((size, i) => {
    const stride = windows.strides[i];
    const room = size + windows.begins[i] + windows.ends[i] - spanOf(windows, i);
    const count = (up ? Math.ceil : Math.floor)(room / stride);
    // A window that would begin beyond the input, in the padding at its end, is left out.
    return count * stride >= size + windows.begins[i] && up ? count : count + 1;
  });
  const padded = places.map((size, i) => size + windows.begins[i] + windows.ends[i]);
  for (const list of [windows.kernel, padded, out])
    if (!list.every((n) => n >= 0) || sizeOf(list) > LIMIT)
      throw call.fail(
        `expected windows of [${windows.kernel}] to fit into [${places}] some times, at most ${LIMIT}, got [${out}]; the file is damaged`,
      );
  const extra = places.map((size, i) => {
    const reach = (out[i] - 1) * windows.strides[i] + spanOf(windows, i);
    return Math.max(0, reach - size - windows.begins[i] - windows.ends[i]);
  });
  return { places, windows, out, extra };
}
type PoolAttrs = Window2d & { readonly kernel: readonly [number, number] };
const attrsOf = ({ windows, extra }: Pooling): PoolAttrs => ({
  ...windowOf({ ...windows, ends: windows.ends.map((end, i) => end + extra[i]) }),
  kernel: twoOf(windows.kernel, 1),
});

const maxPool: Rule = (call) => {
  if ((call.outputs[1] ?? "") !== "")
    throw call.fail(
      "expected one output, got a second one, the indices, which is not supported; cut the model before its use",
    );
  const x = call.x(0);
  const attrs = attrsOf(poolingOf(call));
  return cast(
    asImages((y) => largest(y, attrs), asFloat(x)),
    x.dtype,
  );
};

/** Windows with gaps may have more padding than the op, which knows of no gaps, takes for safe: then it is there in x. */
function largest(x: Node, attrs: PoolAttrs): Node {
  const [top, left, bottom, right] = attrs.pads;
  if (attrs.pads.every((n, i) => n < attrs.kernel[i % 2])) return maxPool2d(x, attrs);
  const wide = pad(x, [
    [0, 0],
    [0, 0],
    [top, bottom],
    [left, right],
  ]);
  const [height, width] = [insideOf(x.shape[2], top, bottom), insideOf(x.shape[3], left, right)];
  const inside = logicalAnd(reshape(height, [1, 1, -1, 1]), reshape(width, [1, 1, 1, -1]));
  return maxPool2d(select(inside, wide, -Infinity), { ...attrs, pads: 0 });
}
const insideOf = (size: number, before: number, after: number): Node =>
  constant(
    Array.from({ length: before + size + after }, (_, i) =>
      Number(i >= before && i < before + size),
    ),
    [before + size + after],
    "bool",
  );

/** The sum of every window over the size of the kernel, with zeros as padding. */
const averages = (x: Node, pooling: Pooling): Node =>
  asImages((y) => averagePool2d(y, attrsOf(pooling)), x);

const averagePool: Rule = (call) => {
  const pooling = poolingOf(call);
  few(call, sizeOf(pooling.windows.kernel));
  const y = averages(call.x(0), pooling);
  const shares = countsOf(pooling, call.int("count_include_pad", 0) !== 0);
  const full = sizeOf(pooling.windows.kernel);
  if (shares.every((n) => n === full)) return y;
  return mul(
    y,
    constant(
      shares.map((n) => full / n),
      [1, 1, ...pooling.out],
    ),
  );
};
/** How many elements each window has, padding included or not. */
function countsOf({ places, windows, out }: Pooling, padding: boolean): number[] {
  const along = places.map((size, i) => {
    const { kernel, strides, dilations, begins, ends } = windows;
    const [first, last] = padding ? [-begins[i], size + ends[i] - 1] : [0, size - 1];
    return Array.from({ length: out[i] }, (_, o) => {
      const taps = Array.from(
        { length: kernel[i] },
        (_, k) => o * strides[i] - begins[i] + k * dilations[i],
      );
      return Math.max(1, taps.filter((at) => at >= first && at <= last).length);
    });
  });
  return along.reduce<number[]>((all, axis) => all.flatMap((n) => axis.map((m) => n * m)), [1]);
}

const lpPool: Rule = (call) => {
  const p = call.int("p", 2);
  const pooling = poolingOf(call);
  return root(mul(averages(toPower(call.x(0), p), pooling), sizeOf(pooling.windows.kernel)), p);
};
const toPower = (x: Node, p: number): Node =>
  p === 1 ? abs(x) : p === 2 ? square(x) : pow(abs(x), p);
/** Of a sum of powers; where all are 0 no gradient flows, as in the Euclidean norm. */
function root(x: Node, p: number): Node {
  if (p === 1) return x;
  const none = equal(x, 0);
  return select(none, 0, pow(select(none, 1, x), 1 / p));
}

/** Over all places, which stay as axes of size 1. */
const overPlaces =
  (f: (x: Node, options: { axes: readonly number[]; keepDims: true }) => Node): Rule =>
  (call) => {
    const x = call.x(0);
    return f(x, { axes: axesFrom(2, x.shape.length), keepDims: true });
  };

/** Every channel over a power of the squares of those around it. */
const localResponse: Rule = (call) => {
  const x = call.x(0);
  const size = few(call, call.int("size"));
  const [n, c, ...places] = x.shape;
  const around = averagePool2d(reshape(square(x), [n, 1, c, sizeOf(places)]), {
    kernel: [size, 1],
    strides: 1,
    pads: [Math.floor((size - 1) / 2), 0, Math.ceil((size - 1) / 2), 0],
  });
  const scaled = add(mul(around, call.float("alpha", 1e-4)), call.float("bias", 1));
  return div(x, pow(reshape(scaled, x.shape), call.float("beta", 0.75)));
};

export const window: Rules = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
  GlobalMaxPool: overPlaces(max),
  GlobalAveragePool: overPlaces(mean),
  GlobalLpPool: (call) => {
    const p = call.int("p", 2);
    if (p === 2) return overPlaces(norm)(call);
    return overPlaces((x, options) => root(sum(toPower(x, p), options), p))(call);
  },
  LRN: localResponse,
};
