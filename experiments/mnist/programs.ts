/** The programs of an arm on MNIST, and how images become their inputs. */
import {
  arms,
  batch,
  diagnosticStep,
  evalStep,
  initStep,
  input,
  item,
  pixelStatistics,
  tensor,
  trainStep,
  type ImageSet,
  type Input,
  type PixelStatistics,
  type Program,
  type Runtime,
  type State,
  type StepOptions,
  type Tensor,
} from "../../src/index.ts";
import type { Arm } from "../results.ts";
import { optimizerOf, type MnistConfig } from "./config.ts";
import { classifier } from "./model.ts";

export interface MnistData {
  readonly train: ImageSet;
  readonly test: ImageSet;
}

/** Images that data-dependent initialization looks at, as in the paper. */
export const INIT_BATCH = 500;
const EVAL_BATCH = 100; // of five arms at once: larger ones hold memory and are no faster

/** An arm's compiled programs; runs with other seeds share them, since state is passed in. */
export interface Programs {
  readonly arm: Arm;
  readonly train: Program;
  /** The test error with these parameters. */
  testError(state: State): Promise<number>;
  /** The images `rows` of the training set as the inputs of a program. */
  feeds(rows: Uint32Array): Record<string, Tensor>;
  /** Data-dependent initialization, needed once. */
  compileInit(): Promise<Program>;
  /** The first layer whose pre-activations are not finite on this batch. */
  blame(fed: Record<string, Tensor>, state: State): Promise<string | undefined>;
  release(): Promise<void>;
}

export interface CompileOptions {
  readonly config: MnistConfig;
  readonly arm: Arm;
  readonly data: MnistData;
  readonly runtime: Runtime;
}

export async function compilePrograms({
  config,
  arm,
  data,
  runtime,
}: CompileOptions): Promise<Programs> {
  const { height, width } = data.train;
  const statistics = pixelStatistics(data.train);
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
    arm,
    train,
    testError: (state) =>
      testError(evaluate, data.test, state, (rows) => feeds(data.test, rows, statistics)),
    feeds: (rows) => feeds(data.train, rows, statistics),
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
  feedsOf: (rows: Uint32Array) => Record<string, Tensor>,
): Promise<number> {
  let wrong = 0;
  for (let start = 0; start < set.count; start += EVAL_BATCH) {
    const size = Math.min(EVAL_BATCH, set.count - start);
    const rows = Uint32Array.from({ length: EVAL_BATCH }, (_, i) => (i < size ? start + i : 0));
    const outputs = await program.run(feedsOf(rows), state);
    for (let i = 0; i < size; i++) wrong += outputs["wrong"].data[i];
  }
  return wrong / set.count;
}

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
