/**
 * A process that starts as `weightnorm train mnist` does and says, as JSON, how long after its start the first training step
 * was done and how much memory it held at most. It is given the arms to hold at once.
 */
import { task } from "../experiments/mnist/task.ts";
import { ARMS, type Arm } from "../runs/records.ts";
import { programsOf } from "../runs/minibatch/programs.ts";
import { startRun } from "../runs/minibatch/run.ts";
import { nodeWorld } from "../cli/world.ts";
import { nodeRuntime } from "../src/node/index.ts";

const [names = "weight", threads = "2"] = process.argv.slice(2);
const STEPS = 50;
const chosen = names.split(",").filter((name): name is Arm => ARMS.some((arm) => arm === name));
const world = nodeWorld({ places: {}, progress: () => undefined });
const data = await task.load(world);
let first = 0;
const runs = [];
for (const arm of chosen) {
  const config = {
    ...task.presets["small"],
    preset: "small",
    arms: chosen,
    seeds: [1],
    trainSize: 100 * STEPS,
    threads: Number(threads),
  };
  const runtime = nodeRuntime({ threads: Number(threads) });
  const programs = programsOf({ task, config, arm, data, runtime });
  const run = await startRun({ config, key: { arm, seed: 1, lr: config.lr[0] }, programs });
  runs.push(run);
  await run.advance();
  first ||= (performance.timeOrigin + performance.now() - processStart()) / 1000;
}
for (const run of runs) while (run.step() < run.steps) await run.advance(); // the last step evaluates on the test set
process.stdout.write(
  `${JSON.stringify({ firstStepSeconds: first, peakMebibytes: process.resourceUsage().maxRSS / 1024 })}\n`,
);

/** When this process was started, loading of its code included. */
function processStart(): number {
  return Number(process.env["BENCH_STARTED"] ?? performance.timeOrigin);
}
