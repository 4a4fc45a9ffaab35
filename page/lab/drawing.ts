/** A drawing as strokes, and as the picture that models know: its ink in a box in the middle, as MNIST's digits were made. */
import type { Raster } from "../../runs/pictures.ts";

/** In a square from (0, 0) to (1, 1), y downwards. */
export interface Place {
  readonly x: number;
  readonly y: number;
}
export type Stroke = readonly Place[];

/** The share of a picture that the longer side of a drawing takes, and half the width of a pen: 20 and 2.2 of 28 pixels. */
const BOX = 20 / 28;
const PEN = 1.1 / 28;

/** Dark ink on white paper; the ink's middle of mass is the middle of the picture. */
export function rasterOf(
  strokes: readonly Stroke[],
  { width, height }: { readonly width: number; readonly height: number },
): Raster {
  const pixels = new Uint8Array(width * height).fill(255);
  const size = Math.min(width, height);
  const lines = fitted(strokes).map((stroke) =>
    stroke.map(({ x, y }) => ({ x: width / 2 + x * size, y: height / 2 + y * size })),
  );
  if (lines.length === 0) return { width, height, channels: 1, pixels };
  const draw = (dx: number, dy: number): Float64Array => {
    const ink = new Float64Array(width * height);
    for (let i = 0; i < ink.length; i++) {
      const at = { x: (i % width) + 0.5 - dx, y: Math.floor(i / width) + 0.5 - dy };
      ink[i] = Math.min(1, Math.max(0, PEN * size + 0.5 - distance(at, lines)));
    }
    return ink;
  };
  const ink = draw(0, 0);
  let [mass, mx, my] = [0, 0, 0];
  ink.forEach((dark, i) => {
    mass += dark;
    mx += dark * ((i % width) + 0.5);
    my += dark * (Math.floor(i / width) + 0.5);
  });
  const middled = mass > 0 ? draw(width / 2 - mx / mass, height / 2 - my / mass) : ink;
  middled.forEach((dark, i) => (pixels[i] = Math.round(255 * (1 - dark))));
  return { width, height, channels: 1, pixels };
}

/** Scaled and moved so that it lies in the box, around (0, 0). */
function fitted(strokes: readonly Stroke[]): readonly Stroke[] {
  const all = strokes.flat();
  if (all.length === 0) return [];
  const ends = (of: (place: Place) => number): readonly [number, number] => [
    all.reduce((least, place) => Math.min(least, of(place)), Infinity),
    all.reduce((most, place) => Math.max(most, of(place)), -Infinity),
  ];
  const [left, right] = ends(({ x }) => x);
  const [top, bottom] = ends(({ y }) => y);
  const scale = BOX / Math.max(right - left, bottom - top, 0.2); // a dot stays one
  const [cx, cy] = [(left + right) / 2, (top + bottom) / 2];
  return strokes.map((stroke) =>
    stroke.map(({ x, y }) => ({ x: (x - cx) * scale, y: (y - cy) * scale })),
  );
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
