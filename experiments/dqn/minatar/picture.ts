/** What a game of MinAtar looks like: every channel a colour, later ones in front. */
import type { Raster } from "../../../runs/experiment.ts";
import { SIZE, type Game } from "./game.ts";

/** Pixels along the side of a cell, the gap to the next one included. */
const CELL = 16;
const GAP = 1;
const BACKGROUND = [24, 26, 32];
const EMPTY = [36, 39, 48];
/** Told apart by people who see few colours, too (Okabe & Ito 2008), then lighter and darker ones of them. */
const COLORS = [
  [86, 180, 233],
  [240, 228, 66],
  [140, 130, 60],
  [213, 94, 0],
  [0, 158, 115],
  [204, 121, 167],
  [230, 159, 0],
  [0, 114, 178],
  [245, 245, 245],
  [150, 220, 190],
];

/** RGB. What a channel shows lies over what those before it show. */
export function pictureOf<State>(game: Game<State>, state: State): Raster {
  const side = SIZE * CELL + GAP;
  const pixels = new Uint8Array(side * side * 3);
  for (let i = 0; i < side * side; i++) pixels.set(BACKGROUND, 3 * i);
  const fill = (row: number, column: number, color: readonly number[]): void => {
    for (let y = row * CELL + GAP; y < (row + 1) * CELL; y++)
      for (let x = column * CELL + GAP; x < (column + 1) * CELL; x++)
        pixels.set(color, 3 * (y * side + x));
  };
  for (let i = 0; i < SIZE * SIZE; i++) fill(Math.floor(i / SIZE), i % SIZE, EMPTY);
  const cells: (readonly [channel: number, row: number, column: number])[] = [];
  game.draw(state, (...cell) => cells.push(cell));
  for (const [channel, row, column] of cells.sort(([a], [b]) => a - b))
    fill(row, column, COLORS[channel]);
  return { width: side, height: side, channels: 3, pixels };
}
