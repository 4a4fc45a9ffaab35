/** Elements around a tensor, and a sequence turned about in place. */
import {
  add,
  cast,
  constant,
  gather,
  less,
  ones,
  pad as zeroPad,
  reshape,
  select,
  sub,
  transpose,
  sizeOf,
} from "../../graph/index.ts";
import type { Call, Node, Rules } from "../call.ts";
import { axisOf } from "./axes.ts";
import { asNumbers, axesIn, coordinates, few, needList, take } from "./common.ts";
import { cut } from "./shape.ts";

export const pad: Rules = {
  Pad: (call) => {
    const x = call.x(0);
    const pads = padsOf(call, x.shape.length);
    const mode = call.string("mode", "constant");
    const inner = cut(
      x,
      pads.map(([before, after], axis) => {
        const start = Math.max(0, -before);
        const end = x.shape[axis] + Math.min(0, after);
        if (end < start)
          throw call.fail(`expected pads that leave something, got [${pads}]; check the file`);
        return { axis, start, end, step: 1 };
      }),
    );
    const around = pads.map(([a, b]) => [Math.max(0, a), Math.max(0, b)] as const);
    if (mode === "constant") return asNumbers(inner, (y) => filled(call, y, around));
    const mirror = mirrors[mode as keyof typeof mirrors];
    if (!Object.hasOwn(mirrors, mode))
      throw call.fail(
        `expected mode ${Object.keys(mirrors).join(", ")} or constant, got "${mode}"; check the file`,
      );
    return around.reduce((y, [before, after], axis) => {
      const size = y.shape[axis];
      if (before === 0 && after === 0) return y;
      if (size === 0)
        throw call.fail(`expected elements to repeat, got [${y.shape}]; check the file`);
      const at = Array.from({ length: few(call, before + size + after) }, (_, i) =>
        mirror(i - before, size),
      );
      return take(y, axis, at);
    }, inner);
  },
  ReverseSequence: (call) => {
    const x = call.x(0);
    const time = axisOf(call, call.int("time_axis", 0), x.shape.length);
    const batch = axisOf(call, call.int("batch_axis", 1), x.shape.length);
    const rest = [...x.shape.keys()].filter((a) => a !== time && a !== batch);
    const perm = [batch, time, ...rest];
    const y = transpose(x, perm);
    const [n, steps, ...inner] = y.shape;
    const length = reshape(call.x(1), [n, 1]);
    const t = coordinates(steps, 1, 2);
    const turned = select(less(t, length), sub(sub(length, 1), t), t);
    const rows = reshape(add(turned, coordinates(n, 0, 2, steps)), [n * steps]);
    const reversed = gather(reshape(y, [n * steps, ...inner]), rows);
    return transpose(
      reshape(reversed, y.shape),
      perm.map((_, a) => perm.indexOf(a)),
    );
  },
};

/** Where position i of an axis, which may lie outside of it, is read. */
const mirrors = {
  edge: (i: number, size: number): number => Math.min(size - 1, Math.max(0, i)),
  wrap: (i: number, size: number): number => ((i % size) + size) % size,
  reflect: (i: number, size: number): number => {
    const period = Math.max(1, 2 * (size - 1));
    const at = ((i % period) + period) % period;
    return at < size ? at : period - at;
  },
};

/** [before, after] per axis. */
function padsOf(call: Call, rank: number): readonly (readonly [number, number])[] {
  const given = needList(call, call.has("paddings") ? "paddings" : "pads", 1, "its pads");
  const axes = call.optional(3)
    ? axesIn(call, call.known(3, "its axes"), rank)
    : Array.from({ length: rank }, (_, a) => a);
  if (given.length !== 2 * axes.length)
    throw call.fail(`expected ${2 * axes.length} pads, got [${given}]; check the file`);
  return Array.from({ length: rank }, (_, a) => {
    const i = axes.indexOf(a);
    return i < 0 ? [0, 0] : [given[i], given[axes.length + i]];
  });
}

/** x with the constant of its node around. */
function filled(call: Call, x: Node, pads: readonly (readonly [number, number])[]): Node {
  const value = call.optional(2) ?? constant(call.float("value", 0));
  const known = call.numbers(value);
  const padded = zeroPad(x, pads);
  if (padded === x || known?.[0] === 0) return padded;
  const inside = cast(zeroPad(ones(x.shape), pads), "bool");
  const one = sizeOf(value.shape) === 1 ? reshape(value, []) : value;
  return select(inside, padded, cast(one, x.dtype));
}
