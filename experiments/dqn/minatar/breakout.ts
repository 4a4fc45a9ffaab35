/** Breakout: a ball, a paddle, three rows of bricks, one point a brick. */
import * as z from "zod/mini";
import { moved, SIZE, between, heading, place, type Game } from "./game.ts";

interface State {
  row: number;
  column: number;
  /** Where the ball goes: +1 or -1 along either axis. */
  down: number;
  right: number;
  /** The cell that the ball came from. */
  trail: { row: number; column: number };
  paddle: number;
  /** Bricks by row and column; there are some in rows 1 to 3 only. */
  bricks: boolean[];
  /** The ball has struck a brick and is still among bricks: it takes no other until it is out. */
  striking: boolean;
}

const BOTTOM = SIZE - 1;
const WALL = { first: 1, last: 3 };
const wall = (): boolean[] =>
  Array.from({ length: SIZE * SIZE }, (_, i) => {
    const row = Math.floor(i / SIZE);
    return row >= WALL.first && row <= WALL.last;
  });

export const breakout: Game<State> = {
  name: "breakout",
  channels: ["paddle", "ball", "trail", "brick"],
  minimal: ["noop", "left", "right"],
  state: z.strictObject({
    ...{ row: place, column: place, down: heading, right: heading },
    trail: z.strictObject({ row: place, column: place }),
    paddle: place,
    bricks: z.array(z.boolean()).check(z.length(SIZE * SIZE)),
    striking: z.boolean(),
  }),

  start(random) {
    const fromLeft = between(random, 0, 2) === 0;
    const [row, column] = [WALL.last, fromLeft ? 0 : SIZE - 1];
    return {
      ...{ row, column, down: 1, right: fromLeft ? 1 : -1 },
      trail: { row, column },
      paddle: 4,
      bricks: wall(),
      striking: false,
    };
  },

  step(s, action) {
    s.paddle = moved(s.paddle, action);
    const from = { row: s.row, column: s.column };
    s.trail = from;
    let row = from.row + s.down;
    let column = from.column + s.right;
    if (column < 0 || column >= SIZE) {
      column = Math.min(SIZE - 1, Math.max(0, column));
      s.right = -s.right;
    }
    let [reward, ended, amongBricks] = [0, false, false];
    const back = (): void => {
      row = from.row;
      s.down = -s.down;
    };
    if (row < 0) {
      row = 0;
      s.down = -s.down;
    } else if (s.bricks[row * SIZE + column]) {
      amongBricks = true;
      if (!s.striking) {
        reward = 1;
        s.bricks[row * SIZE + column] = false;
        back();
      }
    } else if (row === BOTTOM) {
      if (!s.bricks.includes(true)) s.bricks = wall();
      if (s.paddle === from.column) back();
      else if (s.paddle === column) {
        back();
        s.right = -s.right;
      } else ended = true;
    }
    s.striking = amongBricks;
    [s.row, s.column] = [row, column];
    return { reward, ended };
  },

  draw({ row, column, trail, paddle, bricks }, set) {
    set(0, BOTTOM, paddle);
    set(1, row, column);
    set(2, trail.row, trail.column);
    for (let i = WALL.first * SIZE; i < (WALL.last + 1) * SIZE; i++)
      if (bricks[i]) set(3, Math.floor(i / SIZE), i % SIZE);
  },
};
