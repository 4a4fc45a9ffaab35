/** A world so small that the value of everything in it is known. */
import type { Environment } from "../../experiments/dqn/environment.ts";
import { hash, keyOf } from "../../src/index.ts";

/** The action that leads on, in either of the rooms. */
export const DOORS = [2, 1] as const;

const KEY = keyOf(1, "rooms");
/** The n-th look at a room: random cells, in the first room of the upper half and in the second of the lower one. */
export function lookAt(room: number, n: number, to: Uint8Array = new Uint8Array(100)): Uint8Array {
  to.fill(0);
  for (let i = 0; i < 50; i++) to[50 * room + i] = hash(50 * n + i, KEY) & 1;
  return to;
}

/**
 * Through one of three doors one gets from the first room to the second, and through another one there, for a reward of 1,
 * back to the first; the other doors are locked. It never ends: it is cut off after `limit` steps.
 */
export function twoRooms({
  limit,
  seed,
}: {
  readonly limit: number;
  readonly seed: number;
}): Environment {
  let [room, steps, looks] = [0, 0, seed % 10_000];
  return {
    name: "two rooms",
    shape: [1, 10, 10],
    most: 1,
    actions: ["left", "middle", "right"],
    reset: () => void ([room, steps] = [0, 0]),
    step(action) {
      looks++;
      const through = action === DOORS[room];
      const reward = through && room === 1 ? 1 : 0;
      if (through) room = 1 - room;
      return { reward, ended: false, truncated: ++steps === limit };
    },
    observe: (to) => lookAt(room, looks, to),
    picture: () => ({ width: 1, height: 1, channels: 3, pixels: Uint8Array.of(room, room, room) }),
    snapshot: () => [room, steps, looks],
    restore: (saved) => void ([room, steps, looks] = saved as [number, number, number]),
  };
}

/** Q of the right door in either room, where later rewards count `gamma` as much: Q0 = gamma Q1, Q1 = 1 + gamma Q0. */
export const valuesIn = (gamma: number): readonly [number, number] => {
  const second = 1 / (1 - gamma ** 2);
  return [gamma * second, second];
};
