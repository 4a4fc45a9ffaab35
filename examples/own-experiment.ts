/**
 * An experiment of one's own: a small network learns a spiral, (t cos t, t sin t) from t. As everything that exports an
 * experiment it has `weightnorm compare`, `train`, `eval`, `report`, `--resume` and `--help`:
 *
 *     npm run -s weightnorm -- compare examples/own-experiment.ts --epochs 5
 *
 * In a package of yours, import from "weightnorm" and "weightnorm/runs" instead.
 */
import {
  experimentOf,
  optimizerOf,
  scheduleOf,
  whole,
  type DataSet,
  type Experiment,
  type MinibatchConfig,
  type Task,
} from "../runs/index.ts";
import {
  apply,
  dense,
  hash,
  input,
  keyOf,
  meanSquaredError,
  ops,
  sequential,
  tensor,
  type Node,
  type Scope,
} from "../src/index.ts";

/** Points of the spiral, drawn from a key: the same ones whenever it is asked. */
function spiral(count: number, part: string): DataSet {
  const key = keyOf("spiral", part);
  const at = (row: number): number => (hash(row, key) / 2 ** 32) * 4 * Math.PI;
  return {
    count,
    inputs: (size) => [input("x", [size, 1]), input("y", [size, 2])],
    feeds(rows) {
      const t = Array.from(rows, at);
      const y = t.flatMap((u) => [u * Math.cos(u), u * Math.sin(u)]).map((u) => u / (4 * Math.PI));
      const x = t.map((u) => u / (2 * Math.PI) - 1);
      return { x: tensor(x, [rows.length, 1]), y: tensor(y, [rows.length, 2]) };
    },
  };
}

/** [batch, 1] -> [batch, 2] */
const network = (x: Node, width: number): ((scope: Scope) => Node) => {
  const tanh = apply(ops.tanh);
  const layers = sequential(dense(width), tanh, dense(width), tanh, dense(2));
  return (scope) => layers(scope, x);
};

const task: Task = {
  name: "spiral",
  about: "a small network learns a spiral",
  unit: "points",
  places: {},
  options: { width: whole("units of either hidden layer", { most: 1024 }) },
  presets: {
    small: {
      epochs: 20,
      batchSize: 50,
      lr: [0.01],
      optimizer: "adam",
      heldOut: 0.1,
      target: 0.001,
      network: { width: 64 },
    },
  },
  measures: [{ key: "squared error", unit: "", scale: 1, digits: 4, better: "lower" }],
  load: () =>
    Promise.resolve({
      train: spiral(2000, "train"),
      test: spiral(500, "test"),
      source: "drawn from a key",
    }),
  network([x, y], { network: { width } }) {
    const model = network(x, width);
    return (scope) => {
      const answer = model(scope);
      const error = ops.mean(ops.square(ops.sub(answer, y)), { axes: 1 });
      return { loss: meanSquaredError(answer, y), "squared error": error };
    };
  },
  rates: (config, lr) => ({ lr: scheduleOf(config, lr) }),
  optimizer: ({ optimizer }, { lr }) => optimizerOf(optimizer, lr),
};

export const experiment: Experiment<MinibatchConfig> = experimentOf(task);
