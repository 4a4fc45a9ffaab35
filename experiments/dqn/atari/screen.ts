/** From the console's screen to what a network sees and to what a person sees. */
import type { Raster } from "../../../runs/experiment.ts";
import { HEIGHT, WIDTH } from "./console.ts";

/** The side of an observation. */
export const SIDE = 84;

/**
 * Luminance, of two frames the larger one, averaged over areas to 84 x 84: the preprocessing of Mnih et al. 2015 ("Human-level
 * control through deep reinforcement learning") and of ALE. Rounded twice: a pixel's luminance, and the average.
 */
export function observationOf(
  [before, now]: readonly [before: Uint32Array, now: Uint32Array],
  to: Uint8Array = new Uint8Array(SIDE * SIDE),
): Uint8Array {
  const bright = new Uint8Array(WIDTH * HEIGHT);
  let [earlier, later, both] = [0, 0, luminance(0)];
  for (let i = 0; i < bright.length; i++) {
    // Neighbours mostly have the same colour.
    if (before[i] !== earlier || now[i] !== later) {
      [earlier, later] = [before[i], now[i]];
      both = Math.max(luminance(earlier), luminance(later));
    }
    bright[i] = both;
  }
  const line = new Int32Array(WIDTH + 1); // one more, for the last pixel's share of nothing
  for (let y = 0; y < SIDE; y++) {
    line.fill(0);
    for (let k = 0; k < OVERLAP; k++) {
      const share = rows.shares[OVERLAP * y + k];
      const row = (rows.first[y] + k) * WIDTH;
      for (let x = 0; x < WIDTH; x++) line[x] += share * bright[row + x];
    }
    for (let x = 0; x < SIDE; x++) {
      let sum = (WIDTH * HEIGHT) / 2; // to round
      for (let k = 0; k < OVERLAP; k++)
        sum += columns.shares[OVERLAP * x + k] * line[columns.first[x] + k];
      to[y * SIDE + x] = Math.floor(sum / (WIDTH * HEIGHT));
    }
  }
  return to;
}

/** Of a colour 0xAABBGGRR. */
const luminance = (color: number): number =>
  Math.round(
    0.2989 * (color & 0xff) + 0.587 * ((color >> 8) & 0xff) + 0.114 * ((color >> 16) & 0xff),
  );

/** How many pixels of the screen one of an observation can touch, in either direction. */
const OVERLAP = 3;

/**
 * Which pixels each of `SIDE` equal parts of a line covers, and how much of each: in a unit of which a pixel has `SIDE`
 * and a part has `size`, so that shares are whole and sum to `size`.
 */
function partsOf(size: number): { readonly first: Int32Array; readonly shares: Int32Array } {
  const first = Int32Array.from({ length: SIDE }, (_, part) => Math.floor((part * size) / SIDE));
  const shares = Int32Array.from({ length: SIDE * OVERLAP }, (_, i) => {
    const part = Math.floor(i / OVERLAP);
    const pixel = first[part] + (i % OVERLAP);
    const start = Math.max(pixel * SIDE, part * size);
    const end = Math.min((pixel + 1) * SIDE, (part + 1) * size);
    return Math.max(end - start, 0);
  });
  return { first, shares };
}
const rows = partsOf(HEIGHT);
const columns = partsOf(WIDTH);

/** A screen in colour. */
export function pictureOf(screen: Uint32Array): Raster {
  const pixels = new Uint8Array(3 * WIDTH * HEIGHT);
  for (let i = 0; i < WIDTH * HEIGHT; i++)
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = (screen[i] >> (8 * c)) & 0xff;
  return { width: WIDTH, height: HEIGHT, channels: 3, pixels };
}
