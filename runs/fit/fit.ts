/** Training in one call: the race with one contestant, on data as people have them. */
import {
  adam,
  constantRate,
  isOptimizerState,
  type Arm,
  type Node,
  type Norm,
  type Runtime,
  type Schedule,
  type State,
} from "../../src/index.ts";
import { compare } from "../compare.ts";
import type { Event } from "../events.ts";
import type { Config, Door, Experiment, World } from "../experiment.ts";
import { memoryStore } from "../memory-store.ts";
import { parted } from "../minibatch/best.ts";
import type { MinibatchConfig, Preset } from "../minibatch/config.ts";
import { experimentOf } from "../minibatch/experiment.ts";
import { evaluated } from "../minibatch/programs.ts";
import type { DataSet, Task } from "../minibatch/task.ts";
import { ARMS } from "../records.ts";
import type { Machine, Measure } from "../sheet.ts";
import type { RunConfig } from "../store.ts";
import { inputsOf, type InputSpecs } from "./columns.ts";
import { defined, type Definition } from "./definition.ts";
import { networkOf, normOf } from "./asking.ts";
import type { Model } from "./model.ts";
import { standardizedBy } from "./standardize.ts";
import { checkOptions, type FitOptions } from "./options.ts";
import { divided } from "./validation.ts";

/** What comes of a training. */
export interface Fitted {
  /** With the parameters of the best test, by the first measure; the last ones where nothing was held out. */
  readonly model: Model;
  /** With the last parameters. */
  readonly last: Model;
  /** All that happened. */
  readonly events: readonly Event[];
  /** Whether tests had stopped to get better before the last epoch. */
  readonly stoppedEarly: boolean;
}

/** Trains a network. Throws `Diverged` where the loss is no number any more, and keeps the last good checkpoint. */
export async function fit(options: FitOptions): Promise<Fitted> {
  checkOptions(options);
  const { norm = "weight", runtime, seed = 1, onEvent, signal } = options;
  const definition = defined(options.network, options.metrics);
  const { train, test, classes } = divided(options, definition, seed);
  const specs = standardizedBy(train, options.standardize ?? []);
  const task = taskOf(options, { definition, specs, train, test });
  const experiment = experimentFor(task);
  const world: World = { runtime: () => runtime, threads: 1, places: {}, door: NO_DOOR, progress: () => undefined };
  const field = await experiment.open(experiment.complete({ arms: [armOf(norm)], seeds: [seed] }, {}), world);
  const run: RunConfig<Config> = {
    ...{ experiment: task.name, config: field.config, places: {}, command: "fit", changes: [] },
    startedAt: new Date().toISOString(),
  };
  const { store: place = memoryStore() } = options;
  const store = typeof place === "function" ? await place({ experiment, run }) : place;
  try {
    await compare({
      ...{ experiment, field, run, store, world, machine: machineOf(runtime), encode: noPictures },
      ...(onEvent ? { onEvent } : {}),
      ...(signal ? { signal } : {}),
    });
    const key = { arm: armOf(norm), seed, lr: field.config.lr[0] };
    const { checkpoint } = (await store.load(key))!;
    const about = { definition, norm, inputs: specs, ...(classes ? { classes } : {}), runtime };
    const own = (state: State): Model => ({ ...about, state: withoutOptimizer(state) });
    return {
      model: own(evaluated(field.config as MinibatchConfig, checkpoint.state)),
      last: own(parted(checkpoint.state).last),
      events: store.events(),
      stoppedEarly: checkpoint.progress["stopped"] === true,
    };
  } finally {
    await field.release();
    if (typeof place === "function") await store.close();
  }
}

/** The optimizer is a function, which no setting can name. */
function experimentFor(task: Task): Experiment {
  const experiment = experimentOf(task);
  const { optimizer: _, ...settings } = experiment.settings;
  return { ...experiment, settings };
}

interface Trained {
  readonly definition: Definition & { readonly measures: readonly Measure[] };
  readonly specs: InputSpecs;
  readonly train: DataSet;
  readonly test: DataSet;
}

/** The same as an experiment's task. */
function taskOf(options: FitOptions, { definition, specs, train, test }: Trained): Task {
  const { epochs = 10, batchSize = 32, lr = 0.001, norm = "weight", optimizer = adam } = options;
  const { accumulate, patience, initialization = "data-dependent" } = options;
  const schedule = typeof lr === "number" ? constantRate(lr) : lr;
  const size = Math.min(batchSize, train.count);
  const steps = epochs * Math.ceil(train.count / size);
  const { measures } = definition;
  const wanted = new Set(["loss", ...measures.map(({ key }) => key)]);
  const preset: Omit<Preset, "optimizer"> = {
    ...{ epochs, batchSize: size, lr: [peakOf(schedule, steps)] },
    ...{ heldOut: 0, network: {}, target: measures[0].better === "lower" ? 0.05 : 0.95 },
    ...{ oddBatch: true, keepBest: test.count > 0 },
    ...(accumulate === undefined ? {} : { accumulate }),
    ...(patience === undefined ? {} : { patience }),
  };
  const with_ = (set: DataSet): DataSet => ({ ...set, inputs: (n) => inputsOf(specs, n) });
  return {
    ...{ name: "fit", about: "a network of one's own", unit: "examples", places: {}, options: {} },
    ...{ measures, initialization },
    presets: { fit: preset as Preset },
    load: () => Promise.resolve({ train: with_(train), test: with_(test), source: "given" }),
    network: (inputs) => (scope) => {
      const { loss, ...others } = networkOf(definition, specs, inputs)(scope);
      const followed = Object.entries(others).filter(([name]) => wanted.has(name));
      return { loss, ...Object.fromEntries(followed) }; // answers that nobody reads cost time at every step
    },
    rates: () => ({ lr: schedule }),
    optimizer: (_, rates) => optimizer(rates as Readonly<Record<"lr", Node>>),
    norm: () => normOf(norm),
  };
}

/** The largest rate of a schedule: what runs are named after. */
function peakOf(schedule: Schedule, steps: number): number {
  let peak = 0;
  for (let step = 0; step < steps; step++) peak = Math.max(peak, schedule(step));
  return peak;
}

/** What events call it: an arm by its name; of a normalization of one's own, that its weights are its own business. */
const armOf = (norm: Arm | Norm): Arm =>
  typeof norm === "string" ? norm : (ARMS.find((arm) => normOf(arm) === norm) ?? "plain");

const withoutOptimizer = (state: State): State =>
  new Map([...state].filter(([name]) => !isOptimizerState(name)));

/** Nothing is known of a machine here but what runs programs. */
const machineOf = ({ name }: Runtime): Machine => ({
  ...{ cpu: "unknown", cores: 0, memoryGiB: 0, platform: "unknown", node: "unknown" },
  runtime: name,
});

const nothing = (what: string) => (): never => {
  throw new Error(`fit: there is no ${what} here, got asked for one; this is a fault of ours`);
};
/** Data are given, so nothing comes through it. */
const NO_DOOR: Door = {
  ...{ at: nothing("place"), package: nothing("package"), download: nothing("download") },
  ...{ asset: nothing("asset"), require: nothing("package"), recall: nothing("cache") },
  keep: nothing("cache"),
};
const noPictures = nothing("picture");
