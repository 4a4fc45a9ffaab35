/** The same elements in another shape or order, or some of them. */
import {
  broadcastShapes,
  broadcastTo,
  concat,
  node,
  pad,
  reshape,
  select,
  sizeOf,
  squeeze,
  tile,
  transpose,
} from "../../graph/index.ts";
import type { Call, Node, Rules } from "../call.ts";
import { axisOf } from "./axes.ts";
import { asNumbers, axesIn, int64, listOf, needList, take, written } from "./common.ts";

export const shape: Rules = {
  Reshape: (call) => reshape(call.x(0), newShape(call)),
  Flatten: (call) => {
    const x = call.x(0);
    const axis = call.int("axis", 1);
    const at = axis === x.shape.length ? axis : axisOf(call, axis, x.shape.length);
    return reshape(x, [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))]);
  },
  Squeeze: (call) => {
    const x = call.x(0);
    const given = listOf(call, "axes", 1, "its axes");
    const axes = given
      ? axesIn(call, given, x.shape.length)
      : [...x.shape.keys()].filter((a) => x.shape[a] === 1);
    if (axes.some((a) => x.shape[a] !== 1))
      throw call.fail(`expected axes of size 1, got [${axes}] of [${x.shape}]; check the file`);
    return axes.toSorted((a, b) => b - a).reduce(squeeze, x);
  },
  Unsqueeze: (call) => {
    const x = call.x(0);
    const given = needList(call, "axes", 1, "its axes");
    const axes = axesIn(call, given, x.shape.length + given.length);
    const longer = axes
      .toSorted((a, b) => a - b)
      .reduce<readonly number[]>((dims, axis) => dims.toSpliced(axis, 0, 1), x.shape);
    return reshape(x, longer);
  },
  Transpose: (call) => {
    const x = call.x(0);
    return transpose(x, call.ints("perm", [...x.shape.keys()].reverse()));
  },
  Concat: (call) => {
    const xs = call.inputs.map((_, i) => call.x(i));
    const axis = call.opset < 4 ? call.int("axis", 1) : call.int("axis");
    return concat(xs, axisOf(call, axis, xs[0].shape.length));
  },
  Split: (call) => {
    const x = call.x(0);
    const axis = axisOf(call, call.int("axis", 0), x.shape.length);
    let start = 0;
    return partsOf(call, x.shape[axis]).map((size) =>
      cut(x, [{ axis, start, end: (start += size), step: 1 }]),
    );
  },
  Slice: (call) => {
    const x = call.x(0);
    const starts = needList(call, "starts", 1, "where it starts");
    const ends = needList(call, "ends", 2, "where it ends");
    const axes = listOf(call, "axes", 3, "its axes") ?? [...starts.keys()];
    const steps = listOf(call, "steps", 4, "its steps") ?? axes.map(() => 1);
    if ([ends, axes, steps].some((list) => list.length !== starts.length))
      throw call.fail(
        `expected as many ends, axes and steps as starts, got [${starts}], [${ends}], [${axes}] and [${steps}]; check the file`,
      );
    const ranges = axesIn(call, axes, x.shape.length).map((axis, i) =>
      clamped(call, x.shape[axis], { axis, start: starts[i], end: ends[i], step: steps[i] }),
    );
    return cut(x, ranges);
  },
  Expand: (call) => {
    const x = call.x(0);
    return broadcastTo(x, broadcastShapes(call.where, x.shape, call.known(1, "its shape")));
  },
  Tile: (call) => {
    const x = call.x(0);
    if (call.opset >= 6) return tile(x, call.known(1, "its repeats"));
    const axis = axisOf(call, call.known(2, "its axis")[0], x.shape.length);
    return tile(
      x,
      x.shape.map((_, a) => (a === axis ? call.known(1, "its tiles")[0] : 1)),
    );
  },
  Shape: (call) => {
    const dims = call.x(0).shape;
    return int64(dims.slice(call.int("start", 0), call.int("end", dims.length)));
  },
  Size: (call) => int64([sizeOf(call.x(0).shape)], []),
  DepthToSpace: (call) => {
    const x = call.x(0);
    const [n, c, h, w] = image(call, x);
    const block = call.int("blocksize");
    const depth = c / block ** 2;
    return call.string("mode", "DCR") === "CRD"
      ? blocks(
          x,
          [n, depth, block, block, h, w],
          [0, 1, 4, 2, 5, 3],
          [n, depth, h * block, w * block],
        )
      : blocks(
          x,
          [n, block, block, depth, h, w],
          [0, 3, 4, 1, 5, 2],
          [n, depth, h * block, w * block],
        );
  },
  SpaceToDepth: (call) => {
    const x = call.x(0);
    const [n, c, h, w] = image(call, x);
    const block = call.int("blocksize");
    const [rows, columns] = [h / block, w / block];
    const apart = [n, c, rows, block, columns, block];
    return blocks(x, apart, [0, 3, 5, 1, 2, 4], [n, c * block ** 2, rows, columns]);
  },
  CenterCropPad: (call) => {
    const x = call.x(0);
    const axes = axesIn(call, call.ints("axes", [...x.shape.keys()]), x.shape.length);
    const sizes = call.known(1, "its shape");
    const both = (extra: number): readonly [number, number] => [
      Math.floor(extra / 2),
      extra - Math.floor(extra / 2),
    ];
    const wanted = x.shape.map((d, a) => (axes.includes(a) ? sizes[axes.indexOf(a)] : d));
    const cropped = cut(
      x,
      axes.flatMap((axis) => {
        const [before, after] = both(Math.max(0, x.shape[axis] - wanted[axis]));
        return { axis, start: before, end: x.shape[axis] - after, step: 1 };
      }),
    );
    const pads = wanted.map((d, a) => both(d - cropped.shape[a]));
    return pad(cropped, pads);
  },
  Trilu: (call) => {
    const x = call.x(0);
    const [n, m] = x.shape.slice(-2);
    if (x.shape.length < 2) throw call.fail(`expected matrices, got [${x.shape}]; check the file`);
    const k = call.optional(1) ? call.known(1, "its diagonal")[0] : 0;
    const upper = call.int("upper", 1) !== 0;
    const kept = (i: number): boolean => {
      const above = (i % m) - Math.floor(i / m) - k;
      return upper ? above >= 0 : above <= 0;
    };
    const mask = written(call, [n, m], (i) => Number(kept(i)), "bool");
    return asNumbers(x, (y) => select(mask, y, 0));
  },
  Compress: (call) => {
    const condition = call.known(1, "its condition");
    const axis = call.has("axis") ? call.int("axis") : undefined;
    const x = axis === undefined ? reshape(call.x(0), [-1]) : call.x(0);
    const along = axisOf(call, axis ?? 0, x.shape.length);
    const kept = [...condition.keys()].filter((i) => condition[i] !== 0);
    return take(x, along, kept);
  },
};

/** The sizes that Reshape asks for: 0 keeps an axis, -1 is what is left over. */
function newShape(call: Call): readonly number[] {
  const { shape: dims } = call.x(0);
  const wanted = needList(call, "shape", 1, "its shape");
  const literal = call.int("allowzero", 0) !== 0;
  const sizes = wanted.map((d, i) => (d === 0 && !literal ? (dims[i] ?? 0) : d));
  const others = sizeOf(sizes.filter((d) => d !== -1));
  if (others === 0 && sizes.includes(-1)) return sizes.map((d) => (d === -1 ? 0 : d));
  const full = sizes.map((d) => (d === -1 ? sizeOf(dims) / others : d));
  if (sizes.filter((d) => d === -1).length <= 1 && sizeOf(full) === sizeOf(dims)) return full;
  throw call.fail(
    `expected a shape for the ${sizeOf(dims)} elements of [${dims}], got [${wanted}]; if the file was made for one batch, import it for that batch`,
  );
}

/** How long the parts of an axis are, where they are not told as nearly equal as can be, the last the shortest. */
function partsOf(call: Call, size: number): readonly number[] {
  const given = listOf(call, "split", 1, "its sizes");
  if (given) {
    if (given.every((n) => n >= 0) && given.reduce((a, b) => a + b, 0) === size) return given;
    throw call.fail(`expected sizes that add up to ${size}, got [${given}]; check the file`);
  }
  const count = call.int("num_outputs", call.outputs.length);
  if (count > call.outputs.length)
    throw call.fail(`expected ${count} outputs, got ${call.outputs.length}; check the file`);
  const part = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(part, size - i * part)));
}

interface Range {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}
/** A range as ONNX has it, negative positions from the end and beyond it, brought inside an axis. */
function clamped(call: Call, size: number, { axis, start, end, step }: Range): Range {
  if (step === 0) throw call.fail("expected steps other than 0, got 0; check the file");
  const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
  const inside = (p: number): number => Math.min(most, Math.max(least, p < 0 ? p + size : p));
  const [from, to] = [inside(start), inside(end)];
  return (to - from) * step > 0
    ? { axis, start: from, end: to, step }
    : { axis, start: 0, end: 0, step: 1 };
}
/** x[start:end:step] along axes, where `end` is -1 for "to the front" and nothing is counted from the end. */
export function cut(x: Node, ranges: readonly Range[]): Node {
  const starts = x.shape.map(() => 0);
  const ends = [...x.shape];
  const steps = x.shape.map(() => 1);
  for (const { axis, start, end, step } of ranges)
    [starts[axis], ends[axis], steps[axis]] = [start, end, step];
  const whole = steps.every((step, a) => step === 1 && starts[a] === 0 && ends[a] === x.shape[a]);
  return whole ? x : node("slice", [x], { starts, ends, steps });
}

/** x with `axis` cut, or filled with zeros, at its end to be `size` long. */
export function resizedTo(x: Node, axis: number, size: number): Node {
  const short = cut(x, [{ axis, start: 0, end: Math.min(size, x.shape[axis]), step: 1 }]);
  return pad(
    short,
    short.shape.map((d, a) => [0, a === axis ? size - d : 0]),
  );
}

function image(call: Call, x: Node): readonly number[] {
  if (x.shape.length === 4) return x.shape;
  throw call.fail(`expected [batch, channels, height, width], got [${x.shape}]; check the file`);
}
const blocks = (
  x: Node,
  apart: readonly number[],
  perm: readonly number[],
  together: readonly number[],
): Node => reshape(transpose(reshape(x, apart), perm), together);
