/** Pictures in a terminal, character by character. */
import { expect, test } from "vitest";
import { blocksOf } from "../../cli/terminal.ts";
import type { Raster } from "../../runs/experiment.ts";

const ESC = "\x1b[";
const HALF = "\u2580";
const large = { columns: 80, rows: 24 };
/** A picture whose pixel n is of the colour n, n, n. */
const counted = (width: number, height: number): Raster => ({
  ...{ width, height, channels: 3 },
  pixels: Uint8Array.from({ length: 3 * width * height }, (_, i) => Math.floor(i / 3)),
});
const pair = (above: number, below: number): string => {
  const grey = (n: number): string => [n, n, n].join(";");
  return `${ESC}38;2;${grey(above)};48;2;${grey(below)}m${HALF}`;
};

test("a character shows two pixels, one above the other", () => {
  const pixels = Uint8Array.of(...[255, 0, 0], ...[255, 0, 0], ...[0, 0, 255], ...[1, 2, 3]);
  expect(blocksOf({ width: 2, height: 2, channels: 3, pixels }, large)).toEqual([
    `${ESC}38;2;255;0;0;48;2;0;0;255m${HALF}${ESC}38;2;255;0;0;48;2;1;2;3m${HALF}${ESC}0m`,
  ]);
  expect(blocksOf(counted(1, 4), large)).toEqual([
    `${pair(0, 1)}${ESC}0m`,
    `${pair(2, 3)}${ESC}0m`,
  ]);
});

test("colours are said where they change", () => {
  const pixels = new Uint8Array(3 * 6).fill(9);
  expect(blocksOf({ width: 3, height: 2, channels: 3, pixels }, large)).toEqual([
    `${pair(9, 9)}${HALF}${HALF}${ESC}0m`,
  ]);
});

test("what does not fit shows the nearest pixels", () => {
  expect(blocksOf(counted(4, 4), { columns: 2, rows: 10 })).toEqual([
    `${pair(5, 13)}${pair(7, 15)}${ESC}0m`,
  ]);
  expect(blocksOf(counted(4, 4), { columns: 10, rows: 1 })).toEqual([
    `${pair(5, 13)}${pair(7, 15)}${ESC}0m`,
  ]);
});
