/** Pictures in a terminal with 24-bit colours: two pixels a character, one above the other. */
import type { Raster } from "../runs/experiment.ts";

const ESC = "\x1b[";
export const HIDE_CURSOR: string = `${ESC}?25l`;
export const SHOW_CURSOR: string = `${ESC}?25h`;
/** Back to where some lines began. */
export const HOME = (lines: number): string => `${ESC}${lines}A`;
const RESET = `${ESC}0m`;
const HALF = "\u2580"; // its upper half has the colour of text, its lower half that of the background

/** The lines of an RGB picture, as large as it is or as fits; every character shows the nearest pixels. */
export function blocksOf(
  { width, height, pixels }: Raster,
  size: { readonly columns: number; readonly rows: number },
): readonly string[] {
  const scale = Math.min(1, size.columns / width, (2 * size.rows) / height);
  const [columns, rows] = [Math.floor(width * scale), 2 * Math.floor((height * scale) / 2)];
  const color = (row: number, column: number): string => {
    const [y, x] = [row, column].map((i) => Math.floor((i + 0.5) / scale));
    return pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3).join(";");
  };
  return Array.from({ length: rows / 2 }, (_, line) => {
    let [text, before] = ["", ""];
    for (let column = 0; column < columns; column++) {
      const style = `${ESC}38;2;${color(2 * line, column)};48;2;${color(2 * line + 1, column)}m`;
      text += style === before ? HALF : style + HALF;
      before = style;
    }
    return text + RESET;
  });
}
