/** The programs of an arm, and how images become their inputs. */
import {
  arms,
  diagnosticStep,
  evalStep,
  initStep,
  input,
  item,
  tensor,
  trainStep,
  type Input,
  type Network,
  type Program,
  type Runtime,
  type State,
  type StepOptions,
  type Tensor,
} from "../../src/index.ts";
import type { Arm } from "../results.ts";
import { trainedSize, type Config } from "./config.ts";
import type { LabelledImages, Task, TaskData } from "./task.ts";

/** Images that data-dependent initialization looks at, as in the paper. */
export const INIT_BATCH = 500;
const EVAL_BATCH = 100; // of five arms at once: larger ones hold memory and are no faster

/** An arm's compiled programs; runs with other seeds and rates share them, since these are passed in. */
export interface Programs {
  readonly task: Task;
  readonly arm: Arm;
  readonly train: Program;
  /** The share of wrong answers on the test set with these parameters. */
  testError(state: State): Promise<number>;
  /** The same on the training images from row `from` to before `to`. */
  heldOutError(state: State, from: number, to: number): Promise<number>;
  /** The images `rows` of the training set as the inputs of a program. */
  feeds(rows: Uint32Array): Record<string, Tensor>;
  /** Data-dependent initialization, needed once. */
  compileInit(): Promise<Program>;
  /** The first layer whose pre-activations are not finite on this batch. */
  blame(fed: Record<string, Tensor>, state: State): Promise<string | undefined>;
  release(): Promise<void>;
}

export interface CompileOptions {
  readonly task: Task;
  readonly config: Config;
  readonly arm: Arm;
  readonly data: TaskData;
  readonly runtime: Runtime;
}

export async function compilePrograms({
  task,
  config,
  arm,
  data,
  runtime,
}: CompileOptions): Promise<Programs> {
  const key = input("key", [2], "uint32");
  const names = Object.keys(task.rates(config, config.lr[0]));
  const rates = Object.fromEntries(names.map((name) => [name, input(name, [])]));
  const at = (
    size: number,
  ): {
    readonly network: Network;
    readonly options: StepOptions & { readonly inputs: readonly Input[] };
  } => {
    const x = input("x", [size, ...data.train.shape]);
    const labels = input("labels", [size], "int32");
    return {
      network: task.network(x, labels, config),
      options: { inputs: [x, labels, ...Object.values(rates)], norm: arms[arm], key },
    };
  };
  const [small, initial, large] = [
    at(config.batchSize),
    at(Math.min(INIT_BATCH, trainedSize(config))),
    at(EVAL_BATCH),
  ];
  const train = await runtime.compile(
    trainStep(small.network, { ...small.options, optimizer: task.optimizer(config, rates) }),
  );
  const evaluate = await runtime.compile(evalStep(large.network, large.options));
  return {
    task,
    arm,
    train,
    testError: (state) => error(evaluate, data.test, state, { from: 0, to: data.test.count }),
    heldOutError: (state, from, to) => error(evaluate, data.train, state, { from, to }),
    feeds: (rows) => feeds(data.train, rows),
    compileInit: () => runtime.compile(initStep(initial.network, initial.options)),
    async blame(fed, state) {
      const program = await runtime.compile(diagnosticStep(small.network, small.options));
      const largest = await program.run(fed, state);
      await program.release();
      return Object.keys(largest).find((layer) => !Number.isFinite(item(largest[layer])));
    },
    async release() {
      await Promise.all([train, evaluate].map((p) => p.release()));
    },
  };
}
/** The share of wrong answers over some rows; the last batch is filled up with the first image, which is not counted. */
async function error(
  program: Program,
  set: LabelledImages,
  state: State,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number> {
  let wrong = 0;
  for (let start = from; start < to; start += EVAL_BATCH) {
    const size = Math.min(EVAL_BATCH, to - start);
    const rows = Uint32Array.from({ length: EVAL_BATCH }, (_, i) => (i < size ? start + i : 0));
    const outputs = await program.run(feeds(set, rows), state);
    for (let i = 0; i < size; i++) wrong += outputs["wrong"].data[i];
  }
  return wrong / (to - from);
}

const feeds = (set: LabelledImages, rows: Uint32Array): Record<string, Tensor> => ({
  x: tensor(set.pixels(rows), [rows.length, ...set.shape]),
  labels: tensor(set.labels(rows), [rows.length], "int32"),
});
