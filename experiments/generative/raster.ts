/** Images of a network as one picture: arrays of numbers become pixels. */
import type { Raster } from "../../runs/experiment.ts";

/** Images [count, c, h, w] with values 0 to 1, c being 1 or 3. */
export interface Images {
  readonly shape: readonly [number, number, number, number];
  readonly values: ArrayLike<number>;
}
export interface TileOptions {
  readonly columns: number;
  /** Pixels for each of an image's, along either axis (default 2). */
  readonly zoom?: number;
}

/** Between tiles, in pixels of the picture. */
const GAP = 2;
const PAPER = 255;

/** The images in rows of `columns`, left to right, with white lines between them; always in colour, so that it may be drawn on. */
export function tile(
  { shape: [count, c, h, w], values }: Images,
  { columns, zoom = 2 }: TileOptions,
): Raster {
  const rows = Math.ceil(count / columns);
  const [width, height] = [columns * (w * zoom + GAP) - GAP, rows * (h * zoom + GAP) - GAP];
  const pixels = new Uint8Array(width * height * 3).fill(PAPER);
  for (let i = 0; i < count; i++) {
    const { left, top } = cornerOf(i, { columns, zoom, width: w, height: h });
    for (let y = 0; y < h * zoom; y++)
      for (let x = 0; x < w * zoom; x++)
        for (let channel = 0; channel < 3; channel++) {
          const source = channel % c; // grey is three times the same
          const at = (i * c + source) * h * w + Math.floor(y / zoom) * w + Math.floor(x / zoom);
          const value = Math.round(255 * Math.min(1, Math.max(0, values[at])));
          pixels[((top + y) * width + left + x) * 3 + channel] = value;
        }
  }
  return { width, height, channels: 3, pixels };
}

/** Where the `i`th tile begins, for tiles of `width` x `height` before zooming. */
export function cornerOf(
  i: number,
  {
    columns,
    zoom,
    width,
    height,
  }: {
    readonly columns: number;
    readonly zoom: number;
    readonly width: number;
    readonly height: number;
  },
): { readonly left: number; readonly top: number } {
  return {
    left: (i % columns) * (width * zoom + GAP),
    top: Math.floor(i / columns) * (height * zoom + GAP),
  };
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}
export type Color = readonly [red: number, green: number, blue: number];

/** Draws the outline of a box, cut off at the edges of `within`; changes the raster. */
export function outlineBox(
  { pixels, width }: Raster,
  box: Box,
  { color, within }: { readonly color: Color; readonly within: Box },
): void {
  const set = (x: number, y: number): void => {
    if (x < within.left || x >= within.right || y < within.top || y >= within.bottom) return;
    pixels.set(color, (y * width + x) * 3);
  };
  const [left, top, right, bottom] = [box.left, box.top, box.right, box.bottom].map(Math.round);
  for (let x = Math.max(left, within.left); x <= Math.min(right, within.right); x++)
    for (const y of [top, bottom]) set(x, y);
  for (let y = Math.max(top, within.top); y <= Math.min(bottom, within.bottom); y++)
    for (const x of [left, right]) set(x, y);
}
