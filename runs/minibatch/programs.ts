/** The programs of an arm, and how examples become their inputs. */
import {
  accumulating,
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
  splitStep,
  trainStep,
  type Accumulating,
  type Key,
  type Network,
  type Norm,
  type Optimizer,
  type Parameter,
  type Program,
  type Runtime,
  type State,
  type StepOptions,
  type Tensor,
  type Update,
} from "../../src/index.ts";
import { withOdds } from "../../src/train/earlier-adam.ts";
import { onDemand, type OnDemand } from "../on-demand.ts";
import { oneRank, shareOf, crewOf, type Ranks, type Crew } from "../ranks.ts";
import { ratesOf } from "../rates.ts";
import type { Arm, Measure } from "../records.ts";
import { parted } from "./best.ts";
import { trainedSize, type MinibatchConfig } from "./config.ts";
import { stepTogether } from "./together.ts";
import type { DataSet, Task, TaskData } from "./task.ts";

/** Examples that data-dependent initialization looks at, as in the paper. */
export const INIT_BATCH = 500;
const EVAL_BATCH = 100; // larger ones hold memory and are no faster
/** More layers than there are. */
const MOST_LAYERS = 2 ** 30;

/** Means of measures by key, not scaled; of a training set also of the `loss`. */
export type Means = Readonly<Record<string, number>>;

/** How an arm normalizes in an experiment. */
export const normOf = (task: Task, arm: Arm): Norm => task.norm?.(arm) ?? arms[arm];

/** Whether an arm's layers take statistics of the batch, so that examples are not trained on each by itself. */
export const hasStatistics = (arm: Arm): boolean => arm !== "plain" && arm !== "weight";

/** What is evaluated of a state, as it lies there: the best parameters, where they are kept beside it; else the last ones, or their moving averages. */
export function evaluated({ average }: Pick<MinibatchConfig, "average">, state: State): State {
  const { last, best } = parted(state);
  return best ?? (average === undefined ? last : averaged(last));
}

/**
 * An arm's programs; runs with other seeds and rates share them, since these are passed in. They are compiled when they are
 * first run, and again after a release: an arm whose turn it is not holds no memory.
 */
export interface Programs {
  readonly task: Task;
  readonly arm: Arm;
  readonly norm: Norm;
  /** All that a step of training reads or changes. */
  readonly parameters: readonly Parameter[];
  /** Training on a batch of so many examples: a step, or where it `collects` their gradients for the step of a later batch. */
  step(examples: number, collects?: boolean): OnDemand;
  /** Those of a batch that this process trains on. */
  own(rows: Uint32Array): Uint32Array;
  readonly crew: Crew;
  /** The last state of a checkpoint, as a new run has it: in the order of the network. Throws for that of another one; `where` is what messages call it. */
  lastOf(saved: State, where: string): State;
  /** Whether there are examples to test on. */
  readonly hasTest: boolean;
  /** The means of all measures on the test set with these parameters. */
  test(state: State): Promise<Means>;
  /** The same on the training examples from row `from` to before `to`. */
  heldOut(state: State, from: number, to: number): Promise<Means>;
  /** The training examples `rows` as the inputs of a program, with what is random about them where a key is given. */
  feeds(rows: Uint32Array, key?: Key): Record<string, Tensor>;
  /** Data-dependent initialization, needed once. */
  compileInit(): Promise<Program>;
  /** The first layer whose pre-activations are not finite on this batch of so many examples. */
  blame(fed: Record<string, Tensor>, state: State, examples: number): Promise<string | undefined>;
  release(): Promise<void>;
}

export interface ProgramOptions {
  readonly task: Task;
  readonly config: MinibatchConfig;
  readonly arm: Arm;
  readonly data: TaskData;
  readonly runtime: Runtime;
  /** The processes that train together (default: this one alone). */
  readonly crew?: Crew;
}

export function programsOf(options: ProgramOptions): Programs {
  const { task, config, arm, data, runtime, crew = crewOf(oneRank) } = options;
  const { ranks } = crew;
  const first = { rank: 0, size: ranks.size };
  /** Examples without which a share has no statistics. */
  const least = hasStatistics(arm) ? 2 : 1;
  const key = input("key", [2], "uint32");
  const norm = normOf(task, arm);
  const schedules = task.rates(config, ratesOf(config, arm)[0]);
  const rates = Object.fromEntries(Object.keys(schedules).map((name) => [name, input(name, [])]));
  const at = (size: number): Sized => {
    const examples = data.train.inputs(size);
    return {
      network: task.network(examples, config),
      options: { inputs: [...examples, ...Object.values(rates)], norm, key },
    };
  };
  const { average, accumulate = 1 } = config;
  const trainOn = (size: number, optimizer: Optimizer, averages: boolean): OnDemand => {
    const { network, options } = at(size);
    const also = (updates: readonly Update[]): readonly Update[] =>
      averages && average !== undefined ? movingAverage(updates, average) : [];
    if (ranks.size === 1)
      return onDemand(runtime, trainStep(network, { ...options, optimizer, also }));
    const { from, count } = shareOf(size, ranks, least);
    // Who has none still changes the state, by what it would have of the first ones.
    const share =
      count > 0 ? { of: size, from, count } : { ...shareOf(size, first, least), of: size };
    const mine = at(share.count);
    const split = splitStep(mine.network, {
      ...{ ...mine.options, optimizer, also, share, whole: network, means: measures },
    });
    return stepTogether(runtime, split, { crew, hasExamples: count > 0 });
  };
  const measures = task.measures.map((measure) => measure.key).filter((name) => name !== "loss");
  /** The largest pre-activations of each layer on a batch. */
  const diagnosed = async (
    { network, options }: Sized,
    fed: Record<string, Tensor>,
    state: State,
  ): Promise<Readonly<Record<string, Tensor>>> => {
    const program = await runtime.compile(diagnosticStep(network, options));
    const largest = await program.run(fed, state);
    await program.release();
    return largest;
  };
  const optimizer = task.optimizer(config, rates);
  const parts = (examples: number): Accumulating =>
    accumulate === 1
      ? { collect: optimizer, apply: optimizer }
      : accumulating(optimizer, { examples });
  const step = bySize((size) => trainOn(size, parts(size).apply, true));
  const collect = bySize((size) => trainOn(size, parts(size).collect, false));
  const evaluate = bySize((size) => {
    const { network, options } = at(size);
    return onDemand(runtime, evalStep(network, options));
  });
  const { parameters } = step.of(config.batchSize);
  const measured = (set: DataSet, state: State, from: number, to: number): Promise<Means> =>
    means(evaluate.of, set, {
      ...{ ranks, state: evaluated(config, state), measures: task.measures, from, to },
    });
  return {
    task,
    arm,
    norm,
    crew,
    parameters,
    step: (examples, collects = false) => (collects ? collect : step).of(examples),
    own(rows) {
      const { from, count } = shareOf(rows.length, ranks, least);
      return rows.subarray(from, from + count);
    },
    lastOf(saved, where) {
      const last = withOdds(parted(saved).last, parameters, schedules);
      checkState(parameters, last, where);
      return new Map(parameters.map(({ attrs: { name } }) => [name, last.get(name)!]));
    },
    hasTest: data.test.count > 0,
    test: (state) => measured(data.test, state, 0, data.test.count),
    heldOut: (state, from, to) => measured(data.train, state, from, to),
    feeds: (rows, varied) =>
      varied && data.train.varied ? data.train.varied(rows, varied) : data.train.feeds(rows),
    compileInit() {
      const { network, options } = at(Math.min(INIT_BATCH, trainedSize(config)));
      return runtime.compile(initStep(network, options));
    },
    async blame(fed, state, examples) {
      const largest = examples > 0 ? await diagnosed(at(examples), fed, state) : {};
      const layers = Object.keys(largest);
      const bad = layers.findIndex((layer) => !Number.isFinite(item(largest[layer])));
      const earliest = Int32Array.of(bad < 0 ? MOST_LAYERS : bad);
      ranks.least(earliest); // another process may have the example that did it
      return layers.at(earliest[0]);
    },
    async release() {
      await Promise.all(
        [step, collect, evaluate].flatMap(({ all }) => all().map((p) => p.release())),
      );
    },
  };
}

/** A network on so many examples. */
interface Sized {
  readonly network: Network;
  readonly options: StepOptions;
}
/** Programs by the number of examples that they take, each made when it is first asked for. */
function bySize(make: (size: number) => OnDemand): {
  of(size: number): OnDemand;
  all(): readonly OnDemand[];
} {
  const made = new Map<number, OnDemand>();
  return {
    of(size) {
      const program = made.get(size) ?? make(size);
      made.set(size, program);
      return program;
    },
    all: () => [...made.values()],
  };
}

interface Range {
  /** Each of them evaluates some of the batches. */
  readonly ranks: Ranks;
  readonly state: State;
  readonly measures: readonly Measure[];
  readonly from: number;
  readonly to: number;
}
/**
 * Means over some rows; the last batch is filled up with the first example, which is not counted, unless it is a batch that
 * is measured and not its examples. Noise is the same every time.
 */
async function means(
  programOf: (examples: number) => OnDemand,
  set: DataSet,
  { ranks, state, measures, from, to }: Range,
): Promise<Means> {
  if (to === from) return {};
  const sums = Object.fromEntries(measures.map((m) => [m.key, 0]));
  for (let start = from + ranks.rank * EVAL_BATCH; start < to; start += ranks.size * EVAL_BATCH) {
    const size = Math.min(EVAL_BATCH, to - start);
    const whole = programOf(EVAL_BATCH);
    const filled = measures.every(({ key }) => whole.outputs[key].shape.length > 0);
    const taken = filled ? EVAL_BATCH : size;
    const rows = Uint32Array.from({ length: taken }, (_, i) => (i < size ? start + i : 0));
    const key = keyTensor("evaluation", start);
    const outputs = await programOf(taken).run({ ...set.feeds(rows), key }, state);
    for (const name of Object.keys(sums)) {
      const { data } = outputs[name];
      const each = data.length / taken; // of an example that is measured in several places, their mean
      if (filled && each === 1) for (let i = 0; i < size; i++) sums[name] += data[i];
      else if (filled) for (let i = 0; i < size * each; i++) sums[name] += data[i] / each;
      else sums[name] += (size * Array.from(data).reduce((a, b) => a + b, 0)) / data.length;
    }
  }
  const all = Float64Array.from(Object.values(sums));
  ranks.sum(all);
  return Object.fromEntries(Object.keys(sums).map((name, i) => [name, all[i] / (to - from)]));
}
