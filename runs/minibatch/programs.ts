/** The programs of an arm, and how examples become their inputs. */
import {
  arms,
  averaged,
  checkState,
  diagnosticStep,
  evalStep,
  initStep,
  input,
  item,
  keyTensor,
  movingAverage,
  trainStep,
  type Input,
  type Network,
  type Norm,
  type Program,
  type Runtime,
  type State,
  type StepOptions,
  type Tensor,
} from "../../src/index.ts";
import { onDemand } from "../on-demand.ts";
import { ratesOf } from "../rates.ts";
import type { Arm, Measure } from "../records.ts";
import { trainedSize, type MinibatchConfig } from "./config.ts";
import type { DataSet, Task, TaskData } from "./task.ts";

/** Examples that data-dependent initialization looks at, as in the paper. */
export const INIT_BATCH = 500;
const EVAL_BATCH = 100; // larger ones hold memory and are no faster

/** Means of measures by key, not scaled; of a training set also of the `loss`. */
export type Means = Readonly<Record<string, number>>;

/** How an arm normalizes in an experiment. */
export const normOf = (task: Task, arm: Arm): Norm => task.norm?.(arm) ?? arms[arm];

/** What is evaluated of a state: its parameters, or their moving averages. */
export const evaluated = ({ average }: Pick<MinibatchConfig, "average">, state: State): State =>
  average === undefined ? state : averaged(state);

/**
 * An arm's programs; runs with other seeds and rates share them, since these are passed in. They are compiled when they are
 * first run, and again after a release: an arm whose turn it is not holds no memory.
 */
export interface Programs {
  readonly task: Task;
  readonly arm: Arm;
  readonly norm: Norm;
  readonly train: Program;
  /** Throws for a state that is not of this network; `where` is what messages call it. */
  check(state: State, where: string): void;
  /** The means of all measures on the test set with these parameters. */
  test(state: State): Promise<Means>;
  /** The same on the training examples from row `from` to before `to`. */
  heldOut(state: State, from: number, to: number): Promise<Means>;
  /** Compiles what a training step needs, so that its timing need not. */
  prepare(): Promise<void>;
  /** The training examples `rows` as the inputs of a program. */
  feeds(rows: Uint32Array): Record<string, Tensor>;
  /** Data-dependent initialization, needed once. */
  compileInit(): Promise<Program>;
  /** The first layer whose pre-activations are not finite on this batch. */
  blame(fed: Record<string, Tensor>, state: State): Promise<string | undefined>;
  release(): Promise<void>;
}

export interface ProgramOptions {
  readonly task: Task;
  readonly config: MinibatchConfig;
  readonly arm: Arm;
  readonly data: TaskData;
  readonly runtime: Runtime;
}

export function programsOf({ task, config, arm, data, runtime }: ProgramOptions): Programs {
  const key = input("key", [2], "uint32");
  const norm = normOf(task, arm);
  const names = Object.keys(task.rates(config, ratesOf(config, arm)[0]));
  const rates = Object.fromEntries(names.map((name) => [name, input(name, [])]));
  const at = (
    size: number,
  ): {
    readonly network: Network;
    readonly options: StepOptions & { readonly inputs: readonly Input[] };
  } => {
    const examples = data.train.inputs(size);
    return {
      network: task.network(examples, config),
      options: { inputs: [...examples, ...Object.values(rates)], norm, key },
    };
  };
  const [small, initial, large] = [
    at(config.batchSize),
    at(Math.min(INIT_BATCH, trainedSize(config))),
    at(EVAL_BATCH),
  ];
  const { average } = config;
  const train = onDemand(
    runtime,
    trainStep(small.network, {
      ...small.options,
      optimizer: task.optimizer(config, rates),
      ...(average === undefined ? {} : { also: (updates) => movingAverage(updates, average) }),
    }),
  );
  const evaluate = onDemand(runtime, evalStep(large.network, large.options));
  const measured = (set: DataSet, state: State, from: number, to: number): Promise<Means> =>
    means(evaluate, set, {
      state: evaluated(config, state),
      measures: task.measures,
      ...{ from, to },
    });
  return {
    task,
    arm,
    norm,
    train,
    check: (state, where) => checkState(train.parameters, state, where),
    test: (state) => measured(data.test, state, 0, data.test.count),
    heldOut: (state, from, to) => measured(data.train, state, from, to),
    prepare: train.compile,
    feeds: (rows) => data.train.feeds(rows),
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

interface Range {
  readonly state: State;
  readonly measures: readonly Measure[];
  readonly from: number;
  readonly to: number;
}
/** Means over some rows; the last batch is filled up with the first example, which is not counted. Noise is the same every time. */
async function means(
  program: Program,
  set: DataSet,
  { state, measures, from, to }: Range,
): Promise<Means> {
  const sums = Object.fromEntries(measures.map((m) => [m.key, 0]));
  for (let start = from; start < to; start += EVAL_BATCH) {
    const size = Math.min(EVAL_BATCH, to - start);
    const rows = Uint32Array.from({ length: EVAL_BATCH }, (_, i) => (i < size ? start + i : 0));
    const key = keyTensor("evaluation", start);
    const outputs = await program.run({ ...set.feeds(rows), key }, state);
    for (const name of Object.keys(sums))
      for (let i = 0; i < size; i++) sums[name] += outputs[name].data[i];
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / (to - from)]));
}
