/** Seaquest: a submarine with so much oxygen among fish and enemy submarines; divers are to be brought to the surface. */
import * as z from "zod/mini";
import {
  between,
  heading,
  inside,
  moved,
  place,
  SIZE,
  small,
  type Game,
  type Random,
} from "./game.ts";

interface Thing {
  row: number;
  column: number;
  /** Where it goes, and what it looks at: +1 right, -1 left. */
  heading: number;
}
interface Mover extends Thing {
  /** Steps until it moves. */
  timer: number;
}
interface Enemy extends Mover {
  /** Steps until it shoots; fish do not. */
  shotTimer: number;
}
interface State {
  player: Thing;
  oxygen: number;
  /** Divers on board; below 0 after six were brought up at once, as in the original. */
  aboard: number;
  surfaced: boolean;
  cooldown: number;
  spawnTimer: number;
  diverTimer: number;
  /** Steps between enemies, and between their moves: both fall whenever the player surfaces. */
  spawnInterval: number;
  moveInterval: number;
  ramps: number;
  shots: Thing[];
  enemyShots: Thing[];
  fish: Enemy[];
  submarines: Enemy[];
  divers: Mover[];
}

const FULL = 200;
const GAUGE = SIZE - 1;
const DEEPEST = SIZE - 2;
const MOST_DIVERS = 6;
const [SPAWN, MOVE, DIVER, DIVER_MOVE, COOLDOWN, SHOT] = [20, 5, 30, 5, 5, 10];

const thing = { row: place, column: place, heading };
const mover = { ...thing, timer: small };
const enemy = { ...mover, shotTimer: small };
/** At most so many of a kind: more than there can ever be. */
const some = <T extends z.ZodMiniType>(one: T): z.ZodMiniArray<T> =>
  z.array(one).check(z.maxLength(1000));

const same = (a: Thing, b: Thing): boolean => a.row === b.row && a.column === b.column;
/** Removes the first that lies where `at` does; whether there was one. */
function take(things: Thing[], at: Thing): boolean {
  const i = things.findIndex((thing) => same(thing, at));
  if (i >= 0) things.splice(i, 1);
  return i >= 0;
}
/** Calls f for all things, the newest first; those it says `false` of are gone. */
function keepIf<T>(things: T[], f: (thing: T) => boolean): void {
  for (let i = things.length - 1; i >= 0; i--) if (!f(things[i])) things.splice(i, 1);
}
const gaugeOf = (oxygen: number): number => Math.floor((Math.max(0, oxygen) * SIZE) / FULL);

/** At the left edge heading right, or the other way round. */
const side = (random: Random): Pick<Thing, "column" | "heading"> =>
  random() < 0.5 ? { column: 0, heading: 1 } : { column: SIZE - 1, heading: -1 };
const depth = (random: Random): number => between(random, 1, DEEPEST + 1);

function spawn(s: State, random: Random): void {
  const from = side(random);
  const armed = random() < 1 / 3;
  const row = depth(random);
  const against = (e: Enemy): boolean => e.row === row && e.heading !== from.heading;
  if (s.fish.some(against) || s.submarines.some(against)) return;
  (armed ? s.submarines : s.fish).push({ row, ...from, timer: s.moveInterval, shotTimer: SHOT });
}

/** Brings the divers up; returns the reward. */
function surface(s: State): number {
  s.surfaced = true;
  let reward = 0;
  if (s.aboard === MOST_DIVERS) {
    reward = gaugeOf(s.oxygen);
    s.aboard = 0;
  }
  s.oxygen = FULL;
  s.aboard--;
  if (s.spawnInterval > 1 || s.moveInterval > 2) {
    if (s.moveInterval > 2 && s.ramps % 2 === 1) s.moveInterval--;
    if (s.spawnInterval > 1) s.spawnInterval--;
    s.ramps++;
  }
  return reward;
}

export const seaquest: Game<State> = {
  name: "seaquest",
  channels: [
    ...["front", "back", "shot", "trail", "enemy's shot", "fish", "enemy submarine"],
    ...["oxygen", "divers aboard", "diver"],
  ],
  minimal: ["noop", "left", "up", "right", "down", "fire"],
  state: z.strictObject({
    player: z.strictObject(thing),
    oxygen: z.int().check(z.maximum(FULL)),
    aboard: small.check(z.maximum(MOST_DIVERS)),
    surfaced: z.boolean(),
    ...{ cooldown: small, spawnTimer: small, diverTimer: small },
    ...{ spawnInterval: small, moveInterval: small, ramps: small },
    ...{ shots: some(z.strictObject(thing)), enemyShots: some(z.strictObject(thing)) },
    ...{ fish: some(z.strictObject(enemy)), submarines: some(z.strictObject(enemy)) },
    divers: some(z.strictObject(mover)),
  }),

  start: () => ({
    player: { row: 0, column: 5, heading: -1 },
    ...{ oxygen: FULL, aboard: 0, surfaced: true, cooldown: 0, ramps: 0 },
    ...{ spawnTimer: SPAWN, spawnInterval: SPAWN, moveInterval: MOVE, diverTimer: DIVER },
    ...{ shots: [], enemyShots: [], fish: [], submarines: [], divers: [] },
  }),

  step(s, action, random) {
    const { player, shots } = s;
    let [reward, ended] = [0, false];
    const touches = (thing: Thing): boolean => {
      const hit = same(thing, player);
      ended ||= hit;
      return hit;
    };

    if (s.spawnTimer === 0) {
      spawn(s, random);
      s.spawnTimer = s.spawnInterval;
    }
    if (s.diverTimer === 0) {
      const from = side(random);
      s.divers.push({ ...from, row: depth(random), timer: DIVER_MOVE });
      s.diverTimer = DIVER;
    }

    if (action === "fire" && s.cooldown === 0) {
      shots.push({ ...player });
      s.cooldown = COOLDOWN;
    }
    player.column = moved(player.column, action);
    if (action === "left") player.heading = -1;
    if (action === "right") player.heading = 1;
    if (action === "up") player.row = Math.max(0, player.row - 1);
    if (action === "down") player.row = Math.min(DEEPEST, player.row + 1);

    keepIf(shots, (shot) => {
      shot.column += shot.heading;
      if (!inside(shot.column)) return false;
      const hit = take(s.fish, shot) || take(s.submarines, shot);
      if (hit) reward++;
      return !hit;
    });
    keepIf(s.divers, (diver) => {
      const boards = (): boolean => {
        const aboard = same(diver, player) && s.aboard < MOST_DIVERS;
        if (aboard) s.aboard++;
        return aboard;
      };
      if (boards()) return false;
      if (diver.timer-- > 0) return true;
      diver.timer = DIVER_MOVE;
      diver.column += diver.heading;
      return inside(diver.column) && !boards();
    });
    const swim = (enemy: Enemy): boolean => {
      touches(enemy);
      if (enemy.timer-- > 0) return true;
      enemy.timer = s.moveInterval;
      enemy.column += enemy.heading;
      if (!inside(enemy.column)) return false;
      if (touches(enemy) || !take(shots, enemy)) return true;
      reward++;
      return false;
    };
    keepIf(s.submarines, (enemy) => {
      const stays = swim(enemy);
      if (enemy.shotTimer-- === 0) {
        enemy.shotTimer = SHOT;
        s.enemyShots.push({ row: enemy.row, column: enemy.column, heading: enemy.heading }); // even if it is gone
      }
      return stays;
    });
    keepIf(s.enemyShots, (shot) => {
      touches(shot);
      shot.column += shot.heading;
      if (!inside(shot.column)) return false;
      touches(shot);
      return true;
    });
    keepIf(s.fish, swim);

    if (s.spawnTimer > 0) s.spawnTimer--;
    if (s.diverTimer > 0) s.diverTimer--;
    if (s.cooldown > 0) s.cooldown--;
    if (s.oxygen <= 0) ended = true;
    if (player.row > 0) {
      s.oxygen--;
      s.surfaced = false;
    } else if (!s.surfaced) {
      if (s.aboard === 0) ended = true;
      else reward += surface(s);
    }
    return { reward, ended };
  },

  draw({ player, oxygen, aboard, ...s }, set) {
    const all = (things: readonly Thing[], channel: number): void => {
      for (const { row, column } of things) set(channel, row, column);
    };
    set(0, player.row, player.column);
    set(1, player.row, player.column - player.heading);
    all(s.shots, 2);
    for (const things of [s.fish, s.submarines, s.divers])
      for (const { row, column, heading } of things)
        if (inside(column - heading)) set(3, row, column - heading);
    all(s.enemyShots, 4);
    all(s.fish, 5);
    all(s.submarines, 6);
    for (let column = 0; column < gaugeOf(oxygen); column++) set(7, GAUGE, column);
    for (let column = GAUGE - aboard; column < GAUGE; column++) set(8, GAUGE, column);
    all(s.divers, 9);
  },
};
