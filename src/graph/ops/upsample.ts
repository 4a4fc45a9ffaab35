/** Images and sequences made larger (or smaller), as torch.nn.functional.interpolate does it. */
import { sizeOf } from "../infer.ts";
import type { Node } from "../op.ts";
import { optionsOf } from "../options.ts";
import { constant } from "./arguments.ts";
import { matmul } from "./products.ts";
import { broadcastTo, reshape, transpose } from "./shape.ts";

/** Options of {@link upsample}. */
export interface UpsampleOptions {
  /** How many times as large, for all axes or each of them. One of `scale` and `size` is given. */
  readonly scale?: number | readonly number[];
  /** The new height and width, or the new length. */
  readonly size?: number | readonly number[];
  /** The nearest element (default), or linear interpolation along both axes. */
  readonly mode?: "nearest" | "bilinear";
  /** Of `bilinear`: whether the outermost elements stay at the edges (default false: the edges of their areas do). */
  readonly alignCorners?: boolean;
}

const known = optionsOf<UpsampleOptions>("upsample", {
  scale: "optional",
  size: "optional",
  mode: "optional",
  alignCorners: "optional",
});
/**
 * x [n, c, h, w] -> [n, c, h', w']; in mode `nearest` also [n, c, length] -> [n, c, length'].
 */
export function upsample(x: Node, options: UpsampleOptions): Node {
  const { mode = "nearest", alignCorners = false } = known(options);
  const axes = axesOf(x, options);
  if (mode === "nearest" && axes.every(({ times }) => Number.isInteger(times)))
    return repeated(x, axes);
  // One matrix an axis: y = A_h x A_w^T.
  const matrices = axes.map((axis) => {
    const row = mode === "nearest" ? nearest(axis) : linear(axis, alignCorners);
    return matrixOf(axis, row);
  });
  if (matrices.length === 1) return matmul(x, transpose(matrices[0]));
  return matmul(matrices[0], matmul(x, transpose(matrices[1])));
}

/** One axis of x: its size, the new one, and how many new elements there are to an old one. */
interface Axis {
  readonly from: number;
  readonly to: number;
  readonly times: number;
}
function axesOf(x: Node, { scale, size, mode = "nearest", alignCorners }: UpsampleOptions): Axis[] {
  if (!["nearest", "bilinear"].includes(mode))
    throw new Error(`upsample: mode is "nearest" or "bilinear", got "${mode}"; use one of these`);
  if (alignCorners !== undefined && mode === "nearest")
    throw new Error(
      'upsample: alignCorners is for mode "bilinear", got it with "nearest"; leave it out',
    );
  const rank = x.shape.length;
  if (rank !== 4 && !(rank === 3 && mode === "nearest"))
    throw new Error(
      `upsample: expected x of shape [batch, channels, height, width]${mode === "nearest" ? " or [batch, channels, length]" : ""}, got [${x.shape}]; reshape it first`,
    );
  if ((scale === undefined) === (size === undefined))
    throw new Error(
      `upsample: one of scale and size says how large, got ${scale === undefined ? "neither" : "both"}; give one`,
    );
  const given = (scale ?? size)!;
  const places = x.shape.slice(2);
  const list = typeof given === "number" ? places.map(() => given) : given;
  const sizes = places.map((d, i) => (scale === undefined ? list[i] : Math.floor(d * list[i])));
  if (list.length !== places.length || !sizes.every((d) => Number.isInteger(d) && d > 0))
    throw new Error(
      `upsample: ${scale === undefined ? "size" : "scale"} [${list}] does not fit [${x.shape}]; give one positive number, or one for each of its last ${places.length} axes`,
    );
  // PyTorch measures by the scale that it was given, also where the new size had to be rounded.
  return places.map((from, i) => ({
    from,
    to: sizes[i],
    times: scale === undefined ? sizes[i] / from : list[i],
  }));
}

/** Every element a whole number of times, along one axis after the other. */
const repeated = (x: Node, axes: readonly Axis[]): Node =>
  axes.reduce((y, { from, to, times }, i) => {
    const before = sizeOf(y.shape.slice(0, i + 2));
    const after = sizeOf(y.shape.slice(i + 3));
    const wide = broadcastTo(reshape(y, [before, from, 1, after]), [before, from, times, after]);
    return reshape(wide, y.shape.with(i + 2, to));
  }, x);

/** How much of which old elements the `i`th new one takes. */
type Row = (i: number) => readonly (readonly [number, number])[];
const nearest =
  ({ from, times }: Axis): Row =>
  (i) => [[Math.min(Math.floor(i / times), from - 1), 1]];
const linear =
  ({ from, to, times }: Axis, alignCorners: boolean): Row =>
  (i) => {
    const at = alignCorners
      ? to > 1
        ? (i * (from - 1)) / (to - 1)
        : 0
      : Math.min(Math.max(0, (i + 0.5) / times - 0.5), from - 1);
    const low = Math.min(Math.floor(at), from - 1);
    return [
      [low, 1 - (at - low)],
      [Math.min(low + 1, from - 1), at - low],
    ];
  };
function matrixOf({ from, to }: Axis, row: Row): Node {
  const data = new Float64Array(sizeOf([to, from]));
  for (let i = 0; i < to; i++) for (const [j, share] of row(i)) data[i * from + j] += share;
  return constant(data, [to, from]);
}
