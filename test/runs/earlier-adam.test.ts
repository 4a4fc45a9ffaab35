/** Checkpoints in which Adam counted its steps go on as if they had kept its corrections from the first. */
import { expect, test } from "vitest";
import { makerOf } from "../../experiments/dqn/games.ts";
import { programsOf as agentPrograms } from "../../experiments/dqn/programs.ts";
import { startDqn } from "../../experiments/dqn/run.ts";
import type { Contestant } from "../../runs/experiment.ts";
import { optimizerOf, type OptimizerName } from "../../runs/minibatch/config.ts";
import { experimentOf } from "../../runs/minibatch/experiment.ts";
import { programsOf } from "../../runs/minibatch/programs.ts";
import { startRun } from "../../runs/minibatch/run.ts";
import type { DataSet, Task } from "../../runs/minibatch/task.ts";
import * as wn from "../../src/index.ts";
import { bitsOfAll, configOf, memoryStore, runtime, world } from "../experiments/dqn-world.ts";

/** As it was written before: a count in place of odds. */
function counted(checkpoint: wn.Checkpoint, optimizer: string, steps: number): wn.Checkpoint {
  const kept = [...checkpoint.state].filter(([name]) => !name.includes(".odds."));
  expect(kept.length).toBeLessThan(checkpoint.state.size);
  const count = wn.tensor(Float32Array.of(steps), []);
  return { ...checkpoint, state: new Map([...kept, [`${optimizer}.step`, count]]) };
}
async function endOf(run: Contestant): Promise<unknown> {
  while (run.step() < run.steps) await run.advance();
  return bitsOfAll((await run.saved()).checkpoint.state);
}

const data: DataSet = {
  count: 12,
  inputs: (n) => [wn.input("x", [n, 2])],
  feeds: (rows) => ({
    x: wn.tensor(
      [...rows].flatMap((row) => [Math.sin(row), Math.cos(3 * row)]),
      [rows.length, 2],
    ),
  }),
};
const taskOf = (optimizer: OptimizerName): Task => ({
  ...{ name: "waves", about: "waves", places: {}, options: {} },
  measures: [{ key: "loss", unit: "", scale: 1, digits: 3, better: "lower" }],
  presets: {
    small: {
      ...{ epochs: 3, batchSize: 3, lr: [0.01], optimizer, heldOut: 0, target: 0.1, network: {} },
    },
  },
  load: () => Promise.reject(new Error("waves: the data are given")),
  network:
    ([x]) =>
    (scope) => ({ loss: wn.ops.mean(wn.ops.square(wn.dense(2)(scope, x))) }),
  rates: (_, lr) => ({ lr: wn.constantRate(lr), beta1: wn.stepRate(0.9, [[4, 0.5]]) }),
  optimizer: (_, { lr, beta1 }) => optimizerOf(optimizer, lr, { beta1 }),
});

test.each(["adam", "adamax"] as const)("of a run on minibatches, %s", async (optimizer) => {
  const task = taskOf(optimizer);
  const config = { ...experimentOf(task).complete({}, {}), threads: 1, trainSize: 12 };
  const set = { train: data, test: data, source: "waves" };
  const programs = programsOf({ task, config, arm: "weight", data: set, runtime });
  const key = { arm: "weight", seed: 1, lr: 0.01 } as const;
  const first = await startRun({ config, key, programs });
  while (first.step() < 7) await first.advance();
  const checkpoint = counted((await first.saved()).checkpoint, optimizer, 7);
  const second = await startRun({ config, key, programs, from: { checkpoint } });
  expect(await endOf(second)).toEqual(await endOf(first));
  await programs.release();
});

test.each(["adam", "adamax"] as const)("of an agent, %s", async (optimizer) => {
  const config = configOf({ optimizer, frames: 140, learnFrom: 100, lr: [0.001] });
  const key = { arm: "plain", seed: 1, lr: 0.001 } as const;
  const maker = makerOf(config, world());
  const programs = agentPrograms(config, "plain", await maker(0), runtime);
  const first = await startDqn({ config, key, maker, programs });
  while (first.step() < 120) await first.advance();
  const saved = await first.saved();
  const store = memoryStore();
  store.save({ ...saved, checkpoint: counted(saved.checkpoint, optimizer, 20) });
  const second = await startDqn({ config, key, maker, programs, from: store.kept() });
  expect(await endOf(second)).toEqual(await endOf(first));
  await programs.release();
});
