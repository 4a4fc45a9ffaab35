/** `node --import tsx bench/sweeps/main.ts [--small]`: 3 arms, 4 rates and 5 seeds by two workers, one of them killed now and then. */
import { sweeps } from "./index.ts";

const isSmall = process.argv.includes("--small");
const size = ["--train-size", "500", "--test-size", "500", "--batch-size", "50", "--threads", "1"];
const grid = isSmall
  ? ["--arms", "plain,weight", "--lr", "0.001,0.01", "--seed", "1,2"]
  : ["--arms", "plain,weight,batch", "--lr", "0.0003,0.001,0.003,0.01", "--seed", "1,2,3,4,5"];
const result = await sweeps({
  plan: ["--experiment", "mnist", ...grid, ...size, "--epochs", "12"],
  ...{ workers: 2, kills: isSmall ? 3 : 20, every: 10_000, restarts: 1, seed: 1 },
  say: (line) => void process.stderr.write(`${line}\n`),
});
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
if (result.faults.length > 0) process.exitCode = 1;
