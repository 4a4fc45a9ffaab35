/** Where resampling reads an axis, as ONNX's reference implementation of Resize has it. */
import type { Call } from "../call.ts";
import { few } from "./common.ts";

export type Mode = "nearest" | "linear" | "cubic";
export interface Resampling {
  readonly mode: Mode;
  readonly coordinates: string;
  readonly nearest: string;
  /** The coefficient "a" of cubic convolution. */
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
  readonly extrapolation: number;
}
/** One axis of `size` that comes to be `to` long; `scale` is not always their ratio. */
export interface Axis {
  readonly size: number;
  readonly to: number;
  readonly scale: number;
  /** The part of it that is read by mode tf_crop_and_resize, from 0 to 1. */
  readonly region: readonly [number, number];
}

export function modeOf(call: Call, mode: string): Mode {
  if (mode === "bilinear") return "linear"; // before operator set 7
  if (mode === "nearest" || mode === "linear" || mode === "cubic") return mode;
  throw call.fail(`expected mode nearest, linear or cubic, got "${mode}"; check the file`);
}

/** Which element each of the new ones is. */
export function nearestAt(call: Call, axis: Axis, options: Resampling): readonly number[] {
  const round = Object.hasOwn(rounds, options.nearest) ? rounds[options.nearest] : undefined;
  if (!round)
    throw call.fail(
      `expected nearest_mode ${Object.keys(rounds).join(", ")}, got "${options.nearest}"; check the file`,
    );
  return Array.from({ length: few(call, axis.to) }, (_, i) =>
    Math.min(axis.size - 1, Math.max(0, round(source(call, axis, options, i)))),
  );
}
const rounds: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** The weights of the elements in each of the new ones: rows of a matrix [to, size]; all 0 where it reads nothing. */
export function rowsOf(
  call: Call,
  axis: Axis,
  options: Resampling,
): readonly (readonly number[])[] {
  const squeezed = options.antialias ? Math.min(1, axis.scale) : 1;
  const [kernel, reach] =
    options.mode === "cubic" ? [cubic(options.cubic), 2] : ([linear, 1] as const);
  const crops = options.coordinates === "tf_crop_and_resize";
  few(call, axis.to * (axis.size + 4 / squeezed));
  return Array.from({ length: axis.to }, (_, i) => {
    const x = source(call, axis, options, i);
    const row = new Array<number>(axis.size).fill(0);
    if (crops && (x < 0 || x > axis.size - 1)) return row;
    for (let at = Math.ceil(x - reach / squeezed); at <= x + reach / squeezed; at++) {
      const weight = kernel(Math.abs(at - x) * squeezed);
      if (options.excludeOutside && (at < 0 || at >= axis.size)) continue;
      row[Math.min(axis.size - 1, Math.max(0, at))] += weight;
    }
    const total = row.reduce((a, b) => a + b, 0);
    return row.map((weight) => weight / total);
  });
}
const linear = (t: number): number => Math.max(0, 1 - t);
const cubic =
  (a: number) =>
  (t: number): number =>
    t <= 1
      ? ((a + 2) * t - (a + 3)) * t * t + 1
      : t < 2
        ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
        : 0;

/** Where new element i of an axis lies in the old one. */
function source(call: Call, axis: Axis, { coordinates }: Resampling, i: number): number {
  const position = Object.hasOwn(positions, coordinates) ? positions[coordinates] : undefined;
  if (position) return position(i, axis);
  throw call.fail(
    `expected coordinate_transformation_mode ${Object.keys(positions).join(", ")}, got "${coordinates}"; check the file`,
  );
}
const halfPixel = (i: number, { scale }: Axis): number => (i + 0.5) / scale - 0.5;
const positions: Readonly<Record<string, (i: number, axis: Axis) => number>> = {
  half_pixel: halfPixel,
  half_pixel_symmetric: (i, axis) => {
    const adjustment = axis.to / (axis.scale * axis.size);
    return (axis.size / 2) * (1 - adjustment) + halfPixel(i, axis);
  },
  pytorch_half_pixel: (i, axis) => (axis.to === 1 ? 0 : halfPixel(i, axis)),
  tf_half_pixel_for_nn: (i, { scale }) => (i + 0.5) / scale,
  // The new length is not rounded here: what the tests of ONNX expect.
  align_corners: (i, { size, to, scale }) => (to === 1 ? 0 : (i * (size - 1)) / (scale * size - 1)),
  asymmetric: (i, { scale }) => i / scale,
  tf_crop_and_resize: (i, { size, to, scale, region: [from, end] }) =>
    to === 1
      ? ((from + end) / 2) * (size - 1)
      : (from + (i * (end - from)) / (scale * size - 1)) * (size - 1),
};
