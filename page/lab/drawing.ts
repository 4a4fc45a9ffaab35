/** A drawing as strokes, and as a picture of them; where its ink is to lie is what models know themselves. */
import type { PictureSize, Raster } from "../../runs/pictures.ts";

/** In a square from (0, 0) to (1, 1), y downwards. */
export interface Place {
  readonly x: number;
  readonly y: number;
}
export type Stroke = readonly Place[];

/** How thick the pen is, as a share of the pad. */
export const PEN = 0.075;

/** What a picture is to be like. */
export interface Pictured {
  readonly picture: PictureSize;
  readonly inverted: boolean;
}

/** Dark ink on white paper, or light on dark. */
export function rasterOf(strokes: readonly Stroke[], { picture, inverted }: Pictured): Raster {
  const { width, height, channels } = picture;
  const size = Math.min(width, height);
  const lines = strokes.map((stroke) =>
    stroke.map(({ x, y }) => ({ x: x * width, y: y * height })),
  );
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const at = { x: (i % width) + 0.5, y: Math.floor(i / width) + 0.5 };
    const ink = Math.min(1, Math.max(0, (PEN / 2) * size + 0.5 - distance(at, lines)));
    const value = Math.round(255 * (inverted ? ink : 1 - ink));
    pixels.fill(value, i * channels, (i + 1) * channels);
  }
  return { width, height, channels, pixels };
}

/** From a place to the nearest line. */
function distance({ x, y }: Place, strokes: readonly Stroke[]): number {
  let least = Infinity;
  for (const stroke of strokes)
    for (let i = 0; i < stroke.length; i++) {
      const [a, b] = [stroke[Math.max(0, i - 1)], stroke[i]];
      const [dx, dy] = [b.x - a.x, b.y - a.y];
      const length = dx * dx + dy * dy;
      const t = length === 0 ? 0 : ((x - a.x) * dx + (y - a.y) * dy) / length;
      const s = Math.min(1, Math.max(0, t));
      least = Math.min(least, Math.hypot(x - a.x - s * dx, y - a.y - s * dy));
    }
  return least;
}

const arc = (
  cx: number,
  cy: number,
  r: readonly [number, number],
  turn: readonly [number, number],
): Stroke =>
  Array.from({ length: 25 }, (_, i) => {
    const angle = (Math.PI / 180) * (turn[0] + ((turn[1] - turn[0]) * i) / 24);
    return { x: cx + r[0] * Math.cos(angle), y: cy + r[1] * Math.sin(angle) };
  });
const line = (...places: readonly (readonly [number, number])[]): Stroke =>
  places.map(([x, y]) => ({ x, y }));

/** A hand's digits, for those who do not draw with a pointer. */
export const DIGITS: readonly (readonly Stroke[])[] = [
  [arc(0.5, 0.5, [0.2, 0.32], [-90, 270])],
  [line([0.42, 0.3], [0.53, 0.18], [0.51, 0.82])],
  [[...arc(0.5, 0.36, [0.2, 0.18], [-170, 40]), ...line([0.3, 0.82], [0.74, 0.8])]],
  [[...arc(0.47, 0.34, [0.18, 0.16], [-150, 80]), ...arc(0.47, 0.66, [0.22, 0.18], [-80, 150])]],
  [line([0.38, 0.2], [0.28, 0.56], [0.72, 0.54]), line([0.64, 0.22], [0.58, 0.84])],
  [
    [...line([0.36, 0.2], [0.33, 0.47]), ...arc(0.47, 0.63, [0.22, 0.2], [-120, 140])],
    line([0.36, 0.2], [0.7, 0.19]),
  ],
  [[...line([0.6, 0.17], [0.4, 0.42]), ...arc(0.49, 0.65, [0.18, 0.18], [-170, 190])]],
  [line([0.28, 0.22], [0.7, 0.2], [0.5, 0.52], [0.42, 0.83])],
  [arc(0.5, 0.34, [0.15, 0.15], [90, 450]), arc(0.5, 0.66, [0.19, 0.17], [-90, 270])],
  [arc(0.48, 0.36, [0.18, 0.17], [0, 360]), line([0.66, 0.36], [0.63, 0.6], [0.56, 0.84])],
];
