/** Space Invaders: a cannon below, a block of aliens that comes down, one point an alien. There is no chance in it. */
import * as z from "zod/mini";
import { moved, place, SIZE, small, type Game } from "./game.ts";

/** One number a row, one bit a column: bit 0 is column 0. */
type Rows = number[];
interface State {
  cannon: number;
  aliens: Rows;
  headingLeft: boolean;
  friendly: Rows;
  enemy: Rows;
  /** Most steps between two moves of the aliens; fewer aliens move faster. */
  interval: number;
  /** Steps until the aliens move, until they shoot, until the cannon may. */
  moveTimer: number;
  shotTimer: number;
  cooldown: number;
}

const BOTTOM = SIZE - 1;
const [SLOWEST, FASTEST] = [12, 6];
const SHOTS = 10;
const COOLDOWN = 5;
const none = (): Rows => Array<number>(SIZE).fill(0);
const rows = z.array(z.int().check(z.minimum(0), z.maximum(2 ** SIZE - 1))).check(z.length(SIZE));
/** Columns 2 to 7 of rows 0 to 3. */
const wave = (): Rows => none().map((_, row) => (row < 4 ? 0b0011111100 : 0));
const down = (rows: Rows): Rows => [0, ...rows.slice(0, -1)];
const at = (rows: Rows, row: number, column: number): boolean => ((rows[row] >> column) & 1) === 1;
const union = (rows: Rows): number => rows.reduce((a, b) => a | b);
function count(rows: Rows): number {
  let n = 0;
  for (let row of rows) for (; row !== 0; row &= row - 1) n++;
  return n;
}

/** The lowest alien of the column nearest to the cannon, the left one of two: it shoots. */
function shooter(aliens: Rows, cannon: number): { row: number; column: number } | undefined {
  const columns = union(aliens);
  for (let distance = 0; distance < SIZE; distance++)
    for (const column of [cannon - distance, cannon + distance])
      if (column >= 0 && (columns >> column) & 1)
        for (let row = BOTTOM; row >= 0; row--) if (at(aliens, row, column)) return { row, column };
  return undefined;
}

export const spaceInvaders: Game<State> = {
  name: "space-invaders",
  channels: ["cannon", "alien", "alien going left", "alien going right", "shot", "alien's shot"],
  minimal: ["noop", "left", "right", "fire"],
  state: z.strictObject({
    ...{ cannon: place, aliens: rows, headingLeft: z.boolean(), friendly: rows, enemy: rows },
    ...{ interval: small, moveTimer: small, shotTimer: small, cooldown: small },
  }),

  start: () => ({
    cannon: 5,
    aliens: wave(),
    headingLeft: true,
    ...{ friendly: none(), enemy: none() },
    ...{ interval: SLOWEST, moveTimer: SLOWEST, shotTimer: SHOTS, cooldown: 0 },
  }),

  step(s, action) {
    let ended = false;
    if (action === "fire" && s.cooldown === 0) {
      s.friendly[BOTTOM] |= 1 << s.cannon;
      s.cooldown = COOLDOWN;
    }
    s.cannon = moved(s.cannon, action);
    s.friendly = [...s.friendly.slice(1), 0];
    s.enemy = down(s.enemy);
    ended ||= at(s.enemy, BOTTOM, s.cannon) || at(s.aliens, BOTTOM, s.cannon);

    if (s.moveTimer === 0) {
      s.moveTimer = Math.min(count(s.aliens), s.interval);
      if ((union(s.aliens) >> (s.headingLeft ? 0 : SIZE - 1)) & 1) {
        s.headingLeft = !s.headingLeft;
        ended ||= s.aliens[BOTTOM] !== 0;
        s.aliens = [s.aliens[BOTTOM], ...s.aliens.slice(0, -1)]; // cyclically
      } else s.aliens = s.aliens.map((row) => (s.headingLeft ? row >> 1 : row << 1));
      ended ||= at(s.aliens, BOTTOM, s.cannon);
    }
    if (s.shotTimer === 0) {
      s.shotTimer = SHOTS;
      const from = shooter(s.aliens, s.cannon);
      if (from) s.enemy[from.row] |= 1 << from.column;
    }
    const hits = s.aliens.map((row, i) => row & s.friendly[i]);
    const reward = count(hits);
    if (reward > 0)
      for (const [i, hit] of hits.entries()) {
        s.aliens[i] &= ~hit;
        s.friendly[i] &= ~hit;
      }
    if (s.cooldown > 0) s.cooldown--;
    s.moveTimer--;
    s.shotTimer--;
    if (union(s.aliens) === 0) {
      if (s.interval > FASTEST) s.interval--;
      s.aliens = wave();
    }
    return { reward, ended };
  },

  draw({ cannon, aliens, headingLeft, friendly, enemy }, set) {
    const each = (rows: Rows, channels: readonly number[]): void => {
      for (let row = 0; row < SIZE; row++)
        for (let column = 0; rows[row] >> column !== 0; column++)
          if (at(rows, row, column)) for (const channel of channels) set(channel, row, column);
    };
    set(0, BOTTOM, cannon);
    each(aliens, [1, headingLeft ? 2 : 3]);
    each(friendly, [4]);
    each(enemy, [5]);
  },
};
