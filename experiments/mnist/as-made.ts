/** Drawn digits as MNIST's were made: in a box of 20 x 20, with their centre of mass in the middle of 28 x 28 (yann.lecun.com/exdb/mnist). */
import type { PictureSize, Raster } from "../../runs/experiment.ts";

/** What digits are drawn in: four pixels for one of MNIST's, so that lines are as soft as there when they are made smaller. */
export const PAD: PictureSize = { width: 112, height: 112, channels: 1 };

/** The part of an image's side that its digit takes. */
const BOX = 20 / 28;
/** What is no ink: the noise of a picture. */
const FAINT = 16;

/** A light digit on a dark picture of any size as an image of this size, 0 to 255; of a picture without ink a black one. */
export function asMade(
  picture: Raster,
  { width, height }: { readonly width: number; readonly height: number },
): Uint8Array {
  const image = new Uint8Array(width * height);
  const ink = inkOf(picture);
  const box = boxOf(ink, picture);
  if (!box) return image;
  const side = Math.max(1, Math.round(BOX * Math.min(width, height)));
  const scale = side / Math.max(box.right - box.left, box.bottom - box.top);
  const [w, h] = [
    Math.max(1, Math.round((box.right - box.left) * scale)),
    Math.max(1, Math.round((box.bottom - box.top) * scale)),
  ];
  const small = Float64Array.from({ length: w * h }, (_, i) => {
    const [x, y] = [i % w, Math.floor(i / w)];
    return meanOf(ink, picture.width, {
      left: box.left + x / scale,
      right: Math.min(box.right, box.left + (x + 1) / scale),
      top: box.top + y / scale,
      bottom: Math.min(box.bottom, box.top + (y + 1) / scale),
    });
  });
  const mass = small.reduce((sum, value) => sum + value, 0);
  const centre = (at: (i: number) => number): number =>
    small.reduce((sum, value, i) => sum + value * (at(i) + 0.5), 0) / mass;
  const within = (offset: number, most: number): number => Math.max(0, Math.min(most, offset));
  const left = within(Math.round(width / 2 - centre((i) => i % w)), width - w);
  const top = within(Math.round(height / 2 - centre((i) => Math.floor(i / w))), height - h);
  for (const [i, value] of small.entries())
    image[(top + Math.floor(i / w)) * width + left + (i % w)] = Math.round(value);
  return image;
}

/** The brightness of every pixel. */
const inkOf = ({ width, height, channels, pixels }: Raster): Float64Array =>
  Float64Array.from({ length: width * height }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += pixels[channels * i + c];
    return sum / channels;
  });

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
/** Where there is ink, if there is some. */
function boxOf(ink: Float64Array, { width }: Raster): Box | undefined {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [i, value] of ink.entries()) {
    if (value < FAINT) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
  }
  return right > left ? { left, right, top, bottom } : undefined;
}

/** The mean over a part of a picture, pixels that lie in it partly counting as much. */
function meanOf(ink: Float64Array, width: number, { left, right, top, bottom }: Box): number {
  let [sum, area] = [0, 0];
  for (let y = Math.floor(top); y < bottom; y++)
    for (let x = Math.floor(left); x < right; x++) {
      const share =
        (Math.min(x + 1, right) - Math.max(x, left)) * (Math.min(y + 1, bottom) - Math.max(y, top));
      sum += share * ink[y * width + x];
      area += share;
    }
  return area > 0 ? sum / area : 0;
}
