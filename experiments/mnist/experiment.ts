/** One arm on MNIST, from initialization to the last epoch: the loop that everything else serves. */
import {
  arms,
  batch,
  checkState,
  diagnosticStep,
  evalStep,
  initialState,
  initStep,
  input,
  item,
  keyOf,
  layerStats,
  permutation,
  pixelStatistics,
  sizeOf,
  tensor,
  trainStep,
  type Checkpoint,
  type ImageSet,
  type Input,
  type PixelStatistics,
  type Program,
  type Runtime,
  type State,
  type StepOptions,
  type Tensor,
} from "../../src/index.ts";
import type { Arm, CurvePoint, EpochResult } from "../results.ts";
import { optimizerOf, scheduleOf, stepsPerEpoch, type MnistConfig } from "./config.ts";
import { classifier } from "./model.ts";

export interface MnistData {
  readonly train: ImageSet;
  readonly test: ImageSet;
}

/** What a run has measured so far; part of its checkpoint, so a resumed run goes on counting. */
export interface Progress {
  readonly epochs: EpochResult[];
  readonly curve: CurvePoint[];
  readonly stepMilliseconds: number[];
  /** Training time alone. */
  seconds: number;
  /** Sums over the epoch under way. */
  readonly epoch: { loss: number; wrong: number; steps: number };
  /** Sums since the last point of the curve. */
  readonly point: { loss: number; steps: number };
}

/** A run under way. `advance` takes one step, and evaluates when that ends an epoch. */
export interface Run {
  readonly arm: Arm;
  readonly seed: number;
  readonly steps: number;
  readonly progress: Progress;
  /** Numbers that training changes. */
  readonly parameters: number;
  /** Steps done. */
  readonly step: () => number;
  /** How many units of each layer data-dependent initialization found dead. */
  readonly dead: Readonly<Record<string, number>>;
  advance(): Promise<{ readonly loss: number; readonly epoch?: EpochResult }>;
  /** What to save; throws `Diverged` where it could not be gone on from. */
  checkpoint(): Checkpoint;
  release(): Promise<void>;
}

export interface RunOptions {
  readonly config: MnistConfig;
  readonly arm: Arm;
  readonly seed: number;
  readonly data: MnistData;
  readonly runtime: Runtime;
  /** Goes on from here. */
  readonly from?: Checkpoint;
}

const INIT_BATCH = 500;
const EVAL_BATCH = 500;
/** Points of the training curve an epoch. */
const POINTS = 20;

export async function startRun({
  config,
  arm,
  seed,
  data,
  runtime,
  from,
}: RunOptions): Promise<Run> {
  const statistics = pixelStatistics(data.train);
  const perEpoch = stepsPerEpoch(config);
  const steps = perEpoch * config.epochs;
  const rate = scheduleOf(config);
  const programs = await compile(config, arm, data.train, runtime);
  const state: State = from ? new Map(from.state) : initialState(programs.train.parameters, seed);
  if (from) checkState(programs.train.parameters, state, "checkpoint");
  const progress = (from ? structuredClone(from.progress) : emptyProgress()) as Progress;
  let step = from?.step ?? 0;
  const feedsOf = (set: ImageSet, rows: Uint32Array): Record<string, Tensor> =>
    feeds(set, rows, statistics);

  const dead = from ? {} : await initialize();
  let order: { readonly epoch: number; readonly rows: Uint32Array } | undefined;
  const parameters = programs.train.parameters
    .filter((p) => p.attrs.trainable)
    .reduce((n, p) => n + sizeOf(p.shape), 0);
  return {
    arm,
    seed,
    steps,
    progress,
    parameters,
    dead,
    step: () => step,
    advance,
    checkpoint,
    release: programs.release,
  };

  async function initialize(): Promise<Record<string, number>> {
    const rows = permutation(config.trainSize, keyOf(seed, "init")).subarray(
      0,
      Math.min(INIT_BATCH, config.trainSize),
    );
    const program = await programs.compileInit();
    const outputs = await program.run(feedsOf(data.train, rows), state);
    await program.release();
    const counts = Object.entries(outputs).filter(([name]) => name.startsWith("dead:"));
    return Object.fromEntries(
      counts.map(([name, count]) => [name.slice("dead:".length), item(count)]),
    );
  }

  async function advance(): Promise<{ readonly loss: number; readonly epoch?: EpochResult }> {
    const epoch = Math.floor(step / perEpoch);
    if (order?.epoch !== epoch)
      order = { epoch, rows: permutation(config.trainSize, keyOf(seed, "order", epoch)) };
    const start = (step % perEpoch) * config.batchSize;
    const began = performance.now();
    const lr = rate(step);
    const fed = {
      ...feedsOf(data.train, order.rows.subarray(start, start + config.batchSize)),
      lr: tensor(lr),
    };
    const before = new Map(state);
    const outputs = await programs.train.run(fed, state);
    const milliseconds = performance.now() - began;
    const loss = item(outputs["loss"]);
    if (!Number.isFinite(loss))
      throw badLoss(arm, step + 1, { loss, layer: await programs.blame(fed, before) });
    step++;
    record(loss, sum(outputs["wrong"]), milliseconds, lr);
    return step % perEpoch === 0 ? { loss, epoch: await endEpoch(epoch + 1) } : { loss };
  }

  function record(loss: number, wrong: number, milliseconds: number, lr: number): void {
    progress.seconds += milliseconds / 1000;
    progress.stepMilliseconds.push(Math.round(milliseconds * 1000) / 1000);
    const { epoch, point } = progress;
    epoch.loss += loss;
    epoch.wrong += wrong;
    epoch.steps++;
    point.loss += loss;
    point.steps++;
    if (step % Math.ceil(perEpoch / POINTS) !== 0 && step % perEpoch !== 0) return;
    progress.curve.push({
      step,
      epoch: step / perEpoch,
      seconds: progress.seconds,
      loss: point.loss / point.steps,
      layers: layerStats(state, lr),
    });
    Object.assign(point, { loss: 0, steps: 0 });
  }

  async function endEpoch(epoch: number): Promise<EpochResult> {
    const { loss, wrong, steps: n } = progress.epoch;
    const result = {
      epoch,
      seconds: progress.seconds,
      trainLoss: loss / n,
      trainError: wrong / (n * config.batchSize),
      testError: await testError(programs.evaluate, data.test, state, feedsOf),
    };
    progress.epochs.push(result);
    Object.assign(progress.epoch, { loss: 0, wrong: 0, steps: 0 });
    return result;
  }

  function checkpoint(): Checkpoint {
    // An update may overflow under a loss that was still finite; it must not replace the last good checkpoint.
    for (const [name, { data: values }] of state) {
      const bad = values.find((x) => !Number.isFinite(x));
      if (bad !== undefined)
        throw new Diverged(
          `train: the parameters of ${arm} must be finite numbers, got ${bad} in ${name} after step ${step}; lower --lr`,
        );
    }
    const { arms: _arms, seeds: _seeds, ...rest } = config;
    return {
      state: new Map(state),
      step,
      seed,
      config: { experiment: "mnist", arm, ...rest },
      progress: { ...structuredClone(progress) },
    };
  }
}

/** Numbers that are none any more: the run cannot go on, and its last checkpoint is still good. */
export class Diverged extends Error {
  override readonly name = "Diverged";
}

function badLoss(
  arm: Arm,
  step: number,
  { loss, layer }: { readonly loss: number; readonly layer: string | undefined },
): Diverged {
  const where =
    layer === undefined
      ? "no layer's pre-activations overflow, so the loss itself does"
      : `pre-activations overflow first in layer ${layer}`;
  return new Diverged(
    `train: the loss of ${arm} must be a finite number, got ${loss} at step ${step} (${where}); lower --lr`,
  );
}

const emptyProgress = (): Progress => ({
  epochs: [],
  curve: [],
  stepMilliseconds: [],
  seconds: 0,
  epoch: { loss: 0, wrong: 0, steps: 0 },
  point: { loss: 0, steps: 0 },
});
const sum = ({ data }: Tensor): number => Array.from(data).reduce((a, b) => a + b, 0);

function feeds(
  set: ImageSet,
  rows: Uint32Array,
  statistics: PixelStatistics,
): Record<string, Tensor> {
  const { images, labels } = batch(set, rows, statistics);
  return {
    x: tensor(images, [rows.length, 1, set.height, set.width]),
    labels: tensor(labels, [rows.length], "int32"),
  };
}

/** The test error of a checkpoint's parameters. */
export async function evaluateCheckpoint(
  { state, config }: Checkpoint,
  data: MnistData,
  runtime: Runtime,
): Promise<number> {
  const statistics = pixelStatistics(data.train);
  const programs = await compile(
    config as unknown as MnistConfig,
    config["arm"] as Arm,
    data.train,
    runtime,
  );
  checkState(programs.train.parameters, state, "eval");
  const error = await testError(programs.evaluate, data.test, state, (set, rows) =>
    feeds(set, rows, statistics),
  );
  await programs.release();
  return error;
}

interface Programs {
  readonly train: Program;
  readonly evaluate: Program;
  /** Data-dependent initialization, needed once. */
  compileInit(): Promise<Program>;
  /** The first layer whose pre-activations are not finite on this batch. */
  blame(fed: Record<string, Tensor>, state: State): Promise<string | undefined>;
  release(): Promise<void>;
}

async function compile(
  config: MnistConfig,
  arm: Arm,
  { height, width }: ImageSet,
  runtime: Runtime,
): Promise<Programs> {
  const lr = input("lr", []);
  const at = (
    size: number,
  ): {
    readonly network: ReturnType<typeof classifier>;
    readonly options: StepOptions & { readonly inputs: readonly Input[] };
  } => {
    const x = input("x", [size, 1, height, width]);
    const labels = input("labels", [size], "int32");
    return {
      network: classifier(x, labels),
      options: { inputs: [x, labels, lr], norm: arms[arm] },
    };
  };
  const [small, initial, large] = [
    at(config.batchSize),
    at(Math.min(INIT_BATCH, config.trainSize)),
    at(EVAL_BATCH),
  ];
  const train = await runtime.compile(
    trainStep(small.network, { ...small.options, optimizer: optimizerOf(config.optimizer, lr) }),
  );
  const evaluate = await runtime.compile(evalStep(large.network, large.options));
  return {
    train,
    evaluate,
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
/** The share of wrong answers over a whole set; the last batch is filled up with the first image, which is not counted. */
async function testError(
  program: Program,
  set: ImageSet,
  state: State,
  feedsOf: (set: ImageSet, rows: Uint32Array) => Record<string, Tensor>,
): Promise<number> {
  let wrong = 0;
  for (let start = 0; start < set.count; start += EVAL_BATCH) {
    const size = Math.min(EVAL_BATCH, set.count - start);
    const rows = Uint32Array.from({ length: EVAL_BATCH }, (_, i) => (i < size ? start + i : 0));
    const outputs = await program.run(feedsOf(set, rows), state);
    for (let i = 0; i < size; i++) wrong += outputs["wrong"].data[i];
  }
  return wrong / set.count;
}
