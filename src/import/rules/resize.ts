/** Resampling along axes: by index where it takes the nearest, else by a matrix per axis. */
import { cast, constant, matmul, mul, reshape, select, transpose } from "../../graph/index.ts";
import type { Call, Node, Rules } from "../call.ts";
import { axesIn, listOf, take, written } from "./common.ts";
import { modeOf, nearestAt, rowsOf, type Axis, type Resampling } from "./resampling.ts";

export const resize: Rules = {
  Resize: (call) => resized(call, resamplingOf(call), sizesOf(call)),
  Upsample: (call) => {
    const { shape } = call.x(0);
    const scales =
      call.opset < 7
        ? [1, 1, call.float("height_scale"), call.float("width_scale")]
        : (listOf(call, "scales", 1, "its scales") ?? []);
    const options = { ...old, mode: modeOf(call, call.string("mode", "nearest")) };
    return resized(call, options, scaled(call, shape, scales));
  },
};

/** What Resize did before it had a choice, and Upsample does. */
const old = {
  coordinates: "asymmetric",
  nearest: "floor",
  cubic: -0.75,
  excludeOutside: false,
  antialias: false,
  extrapolation: 0,
} as const;
function resamplingOf(call: Call): Resampling {
  const mode = modeOf(call, call.string("mode", "nearest"));
  if (call.opset < 11) return { ...old, mode };
  return {
    mode,
    coordinates: call.string("coordinate_transformation_mode", "half_pixel"),
    nearest: call.string("nearest_mode", "round_prefer_floor"),
    cubic: call.float("cubic_coeff_a", -0.75),
    excludeOutside: call.int("exclude_outside", 0) !== 0,
    antialias: call.int("antialias", 0) !== 0,
    extrapolation: call.float("extrapolation_value", 0),
  };
}

/** Axes that are resampled, from scales or sizes, each for the axes that attribute "axes" names. */
function sizesOf(call: Call): readonly Axis[] {
  const { shape } = call.x(0);
  if (call.opset < 11) return scaled(call, shape, call.known(1, "its scales"));
  const axes = axesIn(call, call.ints("axes", [...shape.keys()]), shape.length);
  const given = (i: number, what: string): readonly number[] =>
    call.optional(i) ? call.known(i, what) : [];
  const [roi, scales, sizes] = [
    given(1, "its region"),
    given(2, "its scales"),
    given(3, "its sizes"),
  ];
  const at = (axis: number): number => axes.indexOf(axis);
  const region = (axis: number): readonly [number, number] =>
    at(axis) < 0 || roi.length !== 2 * axes.length
      ? [0, 1]
      : [roi[at(axis)], roi[at(axis) + axes.length]];
  if (scales.length === 0 && sizes.length !== axes.length)
    throw call.fail(`expected sizes for axes [${axes}], got [${sizes}]; check the file`);
  if (scales.length > 0) {
    const all = shape.map((_, axis) => (at(axis) < 0 ? 1 : scales[at(axis)]));
    return scaled(call, shape, all).map((axis, a) => ({ ...axis, region: region(a) }));
  }
  const policy = call.string("keep_aspect_ratio_policy", "stretch");
  const ratios = axes.map((axis, i) => sizes[i] / shape[axis]);
  const common = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return shape.map((size, axis) => {
    if (at(axis) < 0) return { size, to: size, scale: 1, region: region(axis) };
    if (policy === "stretch")
      return { size, to: sizes[at(axis)], scale: ratios[at(axis)], region: region(axis) };
    return { size, to: Math.floor(common * size + 0.5), scale: common, region: region(axis) };
  });
}
function scaled(call: Call, shape: readonly number[], scales: readonly number[]): readonly Axis[] {
  if (scales.length !== shape.length || !scales.every((s) => s > 0 && s < Infinity))
    throw call.fail(
      `expected a scale for each axis of [${shape}], got [${scales}]; check the file`,
    );
  // A scale is a float32: 0.6 of 5 must not be 2 because it is 0.60000002 there, nor 3 times 1/3 be 0.
  return shape.map((size, a) => ({
    size,
    to: Math.floor(size * scales[a] + 1e-6),
    scale: scales[a],
    region: [0, 1],
  }));
}

function resized(call: Call, options: Resampling, axes: readonly Axis[]): Node {
  const x = call.x(0);
  const crops = options.coordinates === "tf_crop_and_resize";
  const same = ({ size, to, scale, region: [from, end] }: Axis): boolean =>
    size === to && scale === 1 && from === 0 && end === 1;
  const along = [...axes.keys()].filter((a) => !same(axes[a]));
  if (x.shape.includes(0)) throw call.fail(`expected elements, got [${x.shape}]; check the file`);
  if (options.mode === "nearest") {
    const y = along.reduce((z, a) => take(z, a, nearestAt(call, axes[a], options)), x);
    return crops ? cropped(call, y, axes, options) : y;
  }
  const y = along.reduce(
    (z, a) => multiplied(call, z, a, rowsOf(call, axes[a], options)),
    cast(x, "float"),
  );
  return cast(crops ? cropped(call, y, axes, options) : y, x.dtype);
}

/** x times `matrix` [out, in] along `axis`. */
function multiplied(
  call: Call,
  x: Node,
  axis: number,
  matrix: readonly (readonly number[])[],
): Node {
  const [to, size] = [matrix.length, x.shape[axis]];
  const last = x.shape.length - 1;
  const entry = (i: number): number => matrix[Math.floor(i / size)][i % size];
  if (axis === last - 1 && last >= 1) return matmul(written(call, [to, size], entry), x);
  const turned = written(call, [size, to], (i) => matrix[i % to][Math.floor(i / to)]);
  const perm = [...x.shape.keys()].filter((a) => a !== axis).concat(axis);
  const rows = transpose(x, perm);
  const y = matmul(reshape(rows, [-1, size]), turned);
  return transpose(
    reshape(y, [...rows.shape.slice(0, -1), to]),
    perm.map((_, a) => perm.indexOf(a)),
  );
}

/** y with `extrapolation_value` where its position lies outside x. */
function cropped(call: Call, y: Node, axes: readonly Axis[], options: Resampling): Node {
  const inside = axes.reduce((all: Node, axis, a) => {
    const shape = y.shape.map((_, i) => (i === a ? axis.to : 1));
    const there = rowsOf(call, axis, { ...options, mode: "linear" }).map((row) => Math.max(...row));
    return mul(
      all,
      constant(
        there.map((w) => Number(w > 0)),
        shape,
      ),
    );
  }, constant(1));
  return select(cast(inside, "bool"), y, options.extrapolation);
}
