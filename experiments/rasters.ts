/** Pictures channel by channel, as networks have them, and pixel by pixel, as people look at them. */
import type { Raster } from "../runs/experiment.ts";

/** [channels, height, width] */
type PlanesShape = readonly [1 | 3, number, number];

/** A plane a channel. */
export function planesOf({ width, height, channels, pixels }: Raster): Uint8Array {
  const area = width * height;
  const planes = new Uint8Array(pixels.length);
  for (let i = 0; i < area; i++)
    for (let c = 0; c < channels; c++) planes[c * area + i] = pixels[channels * i + c];
  return planes;
}

/** The picture whose planes begin at `from`; of values from 0 to 1 where `scale` is 255. */
export function rasterOf(
  planes: ArrayLike<number>,
  [channels, height, width]: PlanesShape,
  { from = 0, scale = 1 }: { readonly from?: number; readonly scale?: number } = {},
): Raster {
  const area = width * height;
  const pixels = new Uint8Array(channels * area);
  for (let i = 0; i < area; i++)
    for (let c = 0; c < channels; c++) {
      const value = Math.round(scale * planes[from + c * area + i]);
      pixels[channels * i + c] = Math.min(255, Math.max(0, value));
    }
  return { width, height, channels, pixels };
}
