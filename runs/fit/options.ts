/** What may be said of a training, and what is wrong with it, told before it starts. */
import {
  arms,
  type Arm,
  type Node,
  type Norm,
  type Optimizer,
  type Runtime,
  type Schedule,
} from "../../src/index.ts";
import { described } from "../../src/graph/index.ts";
import { optionsOf } from "../../src/graph/options.ts";
import type { Shown } from "../events.ts";
import type { Config, Experiment } from "../experiment.ts";
import type { RaceOptions } from "../race.ts";
import { ARMS } from "../records.ts";
import type { Measure } from "../sheet.ts";
import type { RunConfig, Store } from "../store.ts";
import type { Data } from "./columns.ts";
import type { Build, Definition } from "./definition.ts";

/** Where a training is kept: opened once it is known what is trained. */
export type OpenStore = (begun: {
  readonly experiment: Experiment;
  readonly run: RunConfig<Config>;
}) => Promise<Store>;

/** What is to be trained, on what, and how. */
export interface FitOptions {
  /** `classifier(layer)`, `regressor(layer)`, or a function of a scope and the inputs that returns `loss` and other outputs. */
  readonly network: Build | Definition;
  /** Columns by input, each with a row an example; or a set that makes its examples itself. */
  readonly data: Data;
  readonly runtime: Runtime;
  /** One of the five arms, or a normalization of your own (default "weight"). */
  readonly norm?: Arm | Norm;
  /** From the rates to an optimizer: `adam`, which is the default, or `({ lr }) => sgd({ lr, momentum: 0.9 })`. */
  readonly optimizer?: (rates: Readonly<Record<"lr", Node>>) => Optimizer;
  /** The learning rate, or what it is at every batch, counted from 0 (default 0.001). */
  readonly lr?: number | Schedule;
  /** Passes over the training examples (default 10). */
  readonly epochs?: number;
  /** Examples a step (default 32); the last batch of an epoch may be smaller. */
  readonly batchSize?: number;
  /** Batches whose gradients make one step of the optimizer (default 1). */
  readonly accumulate?: number;
  /**
   * Examples to test on: a share of `data` that is held out, of every class by itself and at least one (default 0.1; 0 for none),
   * or other data.
   */
  readonly validate?: number | Data;
  /** Outputs to follow beside those of the network's own, [batch] each or scalars. */
  readonly metrics?: readonly (string | Measure)[];
  /** Epochs without a better test after which training ends (default: it does not). */
  readonly patience?: number;
  /** Inputs that are brought to mean 0 and deviation 1, by feature or channel; the model does the same to what it is asked. */
  readonly standardize?: readonly string[];
  /** Names of classes in the order of their numbers (default: those found, in the order of the alphabet). */
  readonly classes?: readonly string[];
  /** Whether weights start from the data (section 3 of the paper; the default), or as they are drawn. */
  readonly initialization?: "data-dependent" | "as drawn";
  /** Another one, other first weights and another order (default 1). */
  readonly seed?: number;
  /** What happens, as plain data: losses, tests, layers. */
  readonly onEvent?: (event: Shown) => void;
  /** Stops training after the step under way: what was done is saved in the store, and `Interrupted` thrown. */
  readonly signal?: NonNullable<RaceOptions["signal"]>;
  /** Where checkpoints go (default: memory); the same store and options go on to the same bits. */
  readonly store?: Store | OpenStore;
}

const known = optionsOf<FitOptions>("fit", {
  network: "required",
  data: "required",
  runtime: "required",
  norm: "optional",
  optimizer: "optional",
  lr: "optional",
  epochs: "optional",
  batchSize: "optional",
  accumulate: "optional",
  validate: "optional",
  metrics: "optional",
  patience: "optional",
  standardize: "optional",
  classes: "optional",
  initialization: "optional",
  seed: "optional",
  onEvent: "optional",
  signal: "optional",
  store: "optional",
});

/** Whatever plain JavaScript may give. */
type Loose = Partial<Omit<FitOptions, "runtime" | "norm">> & {
  readonly runtime?: Partial<Runtime>;
  readonly norm?: Arm | Partial<Norm> | null;
};

/** Throws for the first option that `fit` cannot go by. */
export function checkOptions(options: Loose): void {
  known(options as FitOptions);
  const { runtime, norm, optimizer, lr, ...others } = options;
  if (typeof runtime?.compile !== "function")
    throw new Error(
      `fit: runtime must be one that compiles programs, got ${typeof runtime}; use nodeRuntime() or webRuntime()`,
    );
  const isNorm = typeof norm === "string" ? norm in arms : typeof norm?.layer === "function";
  if (norm !== undefined && !isNorm)
    throw new Error(
      `fit: norm must be one of ${ARMS.join(", ")}, or a Norm, got ${JSON.stringify(norm)}; use e.g. "weight"`,
    );
  if (optimizer !== undefined && (typeof optimizer !== "function" || optimizer.length > 1))
    throw new Error(
      `fit: optimizer is made of the learning rate, got ${typeof optimizer === "function" ? "one that is made already" : typeof optimizer}; give adam, or ({ lr }) => adam({ lr })`,
    );
  if (typeof lr === "number" && !(lr > 0 && lr < Infinity))
    throw new Error(`fit: lr must be a finite number above 0, got ${lr}; use e.g. 0.001`);
  if (lr !== undefined && typeof lr !== "number" && typeof lr !== "function")
    throw new Error(`fit: lr must be a number or a schedule, got ${described(lr)}; use e.g. 0.001`);
  const { initialization, signal, store, metrics, classes } = others;
  if (initialization !== undefined && !["data-dependent", "as drawn"].includes(initialization))
    throw new Error(
      `fit: initialization must be "data-dependent" or "as drawn", got ${described(initialization)}; use one of these`,
    );
  if (signal !== undefined && typeof (signal as Partial<typeof signal>).aborted !== "boolean")
    throw new Error(
      `fit: signal must be that of an AbortController, got ${described(signal)}; give controller.signal`,
    );
  if (
    store !== undefined &&
    typeof store !== "function" &&
    typeof (store as Partial<Store>).load !== "function"
  )
    throw new Error(
      `fit: store must be one that keeps checkpoints, got ${described(store)}; use memoryStore(), or runFolder("runs/mine")`,
    );
  const { standardize } = others;
  for (const [name, list] of [
    ["standardize", standardize],
    ["metrics", metrics],
    ["classes", classes],
  ] as const)
    if (list !== undefined && !Array.isArray(list))
      throw new Error(`fit: ${name} must be a list, got ${described(list)}; write [...]`);
  if (classes?.some((name) => typeof (name as unknown) !== "string"))
    throw new Error(
      `fit: classes must be names, got ${classes.map((c) => described(c)).join(", ")}; give texts`,
    );
  for (const [name, example] of [
    ["epochs", 10],
    ["batchSize", 32],
    ["accumulate", 4],
    ["patience", 5],
  ] as const) {
    const value = others[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      throw new Error(
        `fit: ${name} must be a whole number of at least 1, got ${value}; use e.g. ${example}`,
      );
  }
  const { seed = 1 } = others;
  if (!(Number.isSafeInteger(seed) && seed >= 0))
    throw new Error(`fit: seed must be a whole number of at least 0, got ${seed}; use e.g. 1`);
}
