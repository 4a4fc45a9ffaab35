/**
 * Selective attention: a grid of Gaussian filters that a network moves over an image, to read from it and to write to it
 * (Gregor et al. 2015, arXiv 1502.04623, section 3.2). Images are square, A = B = `size`; pixels are counted from 0.
 */
import { ops, type Node } from "../../src/index.ts";

const { add, arange, concat, constant, div, exp, matmul, mul } = ops;
const { reshape, slice, sqrt, square, sub, sum, transpose } = ops;

/** How many numbers place a grid: the width of `parameters` below. */
export const GRID_PARAMETERS = 5;

export interface GridShape {
  /** N: the grid is N x N. */
  readonly points: number;
  /** Height and width of the images, in pixels. */
  readonly size: number;
}
/** Where the grids of a batch lie, lengths in pixels; the axes are (x and y, image, row, column), as for filters. */
export interface Grid extends GridShape {
  /** g_X and g_Y: [2, batch, 1, 1]. */
  readonly center: Node;
  /** delta, which both axes share as they do the rest: [1, batch, 1, 1]. */
  readonly stride: Node;
  /** sigma^2: [1, batch, 1, 1]. */
  readonly variance: Node;
  /** gamma: [1, batch, 1, 1]. */
  readonly intensity: Node;
}
/** F_X and F_Y, [batch, N, size] each; every row sums to 1. */
export interface Filters {
  readonly x: Node;
  readonly y: Node;
}

/** (g~_X, g~_Y, log sigma^2, log delta~, log gamma), [batch, 5], to a grid (eqs. 21-24): zeros span the image. */
export function grid(parameters: Node, { points, size }: GridShape): Grid {
  const rows = reshape(transpose(parameters), [GRID_PARAMETERS, parameters.shape[0], 1, 1]);
  const positive = exp(slice(rows, { axis: 0, start: 2 }));
  const row = (i: number): Node => slice(positive, { axis: 0, start: i, end: i + 1 });
  return {
    points,
    size,
    // (A + 1) / 2 (g~ + 1), less 1 since the paper counts pixels from 1
    center: add(mul(slice(rows, { axis: 0, end: 2 }), (size + 1) / 2), (size - 1) / 2),
    variance: row(0),
    // One point has no stride: any number will do.
    stride: mul(row(1), (size - 1) / Math.max(points - 1, 1)),
    intensity: row(2),
  };
}

/** Where the weights of a filter add up to less than this, it has left the image: it fades out. */
const OUTSIDE = 1e-8;

/**
 * mu^i = g + (i - N/2 - 1/2) delta (eqs. 19-20) and F[i, a] = exp(-(a - mu^i)^2 / (2 sigma^2)) / Z (eqs. 25-26).
 * Both axes at once: there are a hundred of these in a training step, and half as many nodes take half as long.
 */
export function filters({ points, size, center, stride, variance }: Grid): Filters {
  const batch = center.shape[1];
  const middle = (points - 1) / 2;
  const offsets = Array.from({ length: points }, (_, i) => i - middle);
  const means = add(center, mul(stride, constant(offsets, [points, 1])));
  const distance = sub(arange(size, "float"), means);
  const bells = exp(mul(square(distance), div(-0.5, variance)));
  const rows = div(bells, add(sum(bells, { axes: 3, keepDims: true }), OUTSIDE));
  const axis = (i: number): Node =>
    reshape(slice(rows, { axis: 0, start: i, end: i + 1 }), [batch, points, size]);
  return { x: axis(0), y: axis(1) };
}

/** gamma F_Y x F_X^T of every image (eq. 27): [batch, size, size] each -> [batch, images N N]. */
export function read(images: readonly Node[], at: Grid): Node {
  const { x, y } = filters(at);
  const batch = at.center.shape[1];
  const rows = images.map((image) => matmul(y, image));
  const patches = matmul(concat(rows, 1), transpose(x));
  const flat = reshape(patches, [batch, images.length * at.points ** 2]);
  return mul(flat, reshape(at.intensity, [batch, 1]));
}

/** 1/gamma F_Y^T w F_X (eq. 29): w [batch, N N] -> [batch, size, size]. */
export function write(w: Node, at: Grid): Node {
  const { x, y } = filters(at);
  const batch = at.center.shape[1];
  const scaled = div(w, reshape(at.intensity, [batch, 1])); // before it is spread over an image
  const patch = reshape(scaled, [batch, at.points, at.points]);
  return matmul(transpose(y), matmul(patch, x));
}

/** What a picture of a grid needs, in pixels: (g_X, g_Y, delta, sigma), [batch, 4]. */
export const outline = ({ center, stride, variance }: Grid): Node =>
  transpose(reshape(concat([center, stride, sqrt(variance)], 0), [4, center.shape[1]]));
