/** Holding a race and letting it go, on runs that only count: one step is one step of every run, wherever they stand. */
import { expect, test } from "vitest";
import { transport } from "../../page/worker/transport.ts";
import type { Contestant, Field } from "../../runs/experiment.ts";
import { race } from "../../runs/race.ts";
import type { Store } from "../../runs/store.ts";

const nothing = (): Promise<void> => Promise.resolve();

/** Runs at these steps of 100, in turns of 50, as they stand held; what is called on them answers once they are held again. */
async function held(steps: readonly number[]) {
  const at = [...steps];
  let onHeld = (): void => undefined;
  const { go, hold, stop, ...rest } = transport(() => onHeld());
  const runs = at.map((_, i) => ({
    ...{ key: { arm: "plain", seed: i, lr: 1 }, steps: 100, turn: 50, begun: [] },
    ...{ step: () => at[i], wall: () => 0, saved: nothing },
    advance: () => Promise.resolve({ values: {}, events: [], done: at[i]++ }),
  })) as unknown as readonly Contestant[];
  const store = { sync: () => undefined, save: nothing } as unknown as Store;
  const stands = (): Promise<void> => new Promise((done) => (onHeld = done));
  const first = stands();
  const ended = race({} as Field, runs, store, { hold, ...rest });
  await first;
  return {
    at,
    async go(how: Parameters<typeof go>[0]): Promise<readonly number[]> {
      const again = stands();
      go(how);
      await again;
      return [...at];
    },
    pauseAt(run: number, step: number): Promise<readonly number[]> {
      const again = stands();
      const { advance } = runs[run];
      Object.assign(runs[run], {
        advance: async () => {
          const made = await advance();
          if (at[run] === step) rest.pause();
          return made;
        },
      });
      go("on");
      return again.then(() => [...at]);
    },
    async end(): Promise<void> {
      stop();
      await expect(ended).rejects.toThrow("training was stopped");
    },
  };
}

test.each([
  [[0], [1]],
  [[7], [8]],
  [
    [7, 7, 7],
    [8, 8, 8],
  ],
  [
    [3, 9, 4],
    [9, 9, 9],
  ],
])("from %j a step goes to %j", async (from, to) => {
  const runs = await held(from);
  expect(await runs.go({ by: "step" })).toEqual(to);
  await runs.end();
});

test.each([
  [[0], [50]],
  [[49], [50]],
  [
    [26, 67, 89],
    [50, 67, 89],
  ],
])("from %j a turn goes to %j", async (from, to) => {
  const runs = await held(from);
  expect(await runs.go({ by: "turn" })).toEqual(to);
  await runs.end();
});

test("a step after a pause within a stride brings the others to where the first of them is", async () => {
  const runs = await held([26, 26, 26]);
  const paused = await runs.pauseAt(1, 30);
  const most = Math.max(...paused);
  expect(new Set(paused).size).toBeGreaterThan(1);
  expect(await runs.go({ by: "step" })).toEqual([most, most, most]);
  await runs.end();
});

test("what is let go, or ended, while all is saved for a hold is not held", async () => {
  let holds = 0;
  const { go, hold, stop } = transport(() => holds++);
  const until = hold([{ step: () => 0, steps: 9 } as Contestant])!;
  go("on");
  await until();
  const { hold: other, stop: end } = transport(() => holds++);
  const never = other([{ step: () => 0, steps: 9 } as Contestant])!;
  end();
  await never();
  expect(holds).toBe(0);
  stop();
});
