/** Training in one call: the race with one contestant, on data as people have them. */
import {
  adam,
  constantRate,
  input,
  isOptimizerState,
  trace,
  type Arm,
  type Node,
  type Norm,
  type Runtime,
  type Schedule,
  type State,
} from "../../src/index.ts";
import * as z from "zod/mini";
import { checked } from "../checked.ts";
import { compare } from "../compare.ts";
import { settingsOf } from "../described.ts";
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
import { objectOf } from "../setting-values.ts";
import { found } from "../settings.ts";
import { checkNames, inputsOf, type InputSpecs } from "./columns.ts";
import { defined, type Definition } from "./definition.ts";
import { networkOf, normOf } from "./asking.ts";
import type { Model } from "./model.ts";
import { standardizedBy } from "./standardize.ts";
import { checkOptions, type FitOptions } from "./options.ts";
import { checkSame, fingerprint } from "./same.ts";
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
  checkNames("fit", Object.keys(specs));
  checkTask({
    definition,
    specs,
    norm,
    classes,
    patience: options.patience,
    trained: train.count,
    initialization: options.initialization,
    tested: test.count,
  });
  const task = taskOf(options, { definition, specs, train, test });
  const experiment = experimentFor(task);
  const world: World = {
    runtime: () => runtime,
    threads: 1,
    places: {},
    door: NO_DOOR,
    progress: () => undefined,
  };
  const asked = experiment.complete({ arms: [armOf(norm)], seeds: [seed] }, {});
  checked(
    objectOf(settingsOf(experiment)),
    { ...asked, threads: 1, trainSize: train.count },
    {
      ...{ where: "fit", advice: "give fit other options" },
    },
  );
  const field = await experiment.open(asked, world);
  const run: RunConfig<Config> = {
    ...{ experiment: task.name, config: field.config, places: {}, command: "fit", changes: [] },
    startedAt: new Date().toISOString(),
  };
  const { store: place = memoryStore() } = options;
  const store = typeof place === "function" ? await place({ experiment, run }) : place;
  const key = { arm: armOf(norm), seed, lr: field.config.lr[0] };
  try {
    checkSame(field.config, (await store.load(key))?.checkpoint.config);
    await compare({
      ...{ experiment, field, run, store, world, machine: machineOf(runtime) },
      ...(onEvent ? { onEvent } : {}),
      ...(signal ? { signal } : {}),
    });
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

/** Throws where the network, its data and its classes do not go together. */
function checkTask({
  definition: { labels, targets = [], ...definition },
  specs,
  norm,
  classes,
  ...rest
}: Pick<Trained, "definition" | "specs"> & {
  readonly norm: Arm | Norm;
  readonly classes: readonly string[] | undefined;
  readonly patience: number | undefined;
  readonly tested: number;
  readonly trained: number;
  readonly initialization: FitOptions["initialization"];
}): void {
  const lacks = [...(labels === undefined ? [] : [labels]), ...targets].find((x) => !(x in specs));
  if (lacks !== undefined)
    throw new Error(
      `fit: the network needs an input "${lacks}" that says what is right, got ${Object.keys(specs).join(", ")}; add it to data, or name another, e.g. classifier(layer, { y: "labels" })`,
    );
  if (rest.patience !== undefined && rest.tested === 0)
    throw new Error(
      `fit: patience counts tests that are no better, got ${rest.patience} and no example to test on; leave it away or give validate a share`,
    );
  const one = rest.trained === 1 && rest.initialization !== "as drawn";
  if (one)
    throw new Error(
      `fit: first weights are made from the data, which takes several examples, got 1 to train on; give more, or initialization: "as drawn"`,
    );
  if (!classes) return;
  if (classes.length === 1)
    throw new Error(
      `fit: expected classes to tell apart, got "${classes[0]}" alone; give examples of another, or all names as classes`,
    );
  if (new Set(classes).size !== classes.length)
    throw new Error(
      `fit: classes must be different names, got ${classes.join(", ")}; give each once`,
    );
  const { value } = trace(networkOf(definition, specs, inputsOf(specs, 2)), {
    ...{ mode: "eval", norm: normOf(norm), key: input("key", [2], "uint32") },
  });
  const logits = (value as Partial<typeof value>)["probability"]?.shape.at(-1);
  if (logits !== undefined && logits !== classes.length)
    throw new Error(
      `fit: the network tells ${logits} classes apart, got ${classes.length} (${classes.slice(0, 10).join(", ")}); make its last layer dense(${classes.length})`,
    );
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
  const steps = typeof lr === "number" ? 1 : epochs * Math.ceil(train.count / size);
  const { measures } = definition;
  const wanted = new Set(["loss", ...measures.map(({ key }) => key)]);
  const preset: Omit<Preset, "optimizer"> & { readonly given: string } = {
    ...{ epochs, batchSize: size, lr: [peakOf(schedule, steps)] },
    ...{ heldOut: 0, network: {}, target: measures[0].better === "lower" ? 0.05 : 0.95 },
    ...{
      oddBatch: true,
      keepBest: test.count > 0,
      given: fingerprint(options, { train, test, schedule }),
    },
    ...(accumulate === undefined ? {} : { accumulate }),
    ...(patience === undefined ? {} : { patience }),
  };
  const described = (set: DataSet): DataSet => ({
    count: set.count,
    inputs: (n) => inputsOf(specs, n),
    feeds: (rows) => set.feeds(rows),
    ...(set.varied ? { varied: (rows, key) => set.varied!(rows, key) } : {}),
  });
  return {
    ...{ name: "fit", about: "a network of one's own", unit: "examples", places: {}, options: {} },
    ...{ measures, initialization },
    presets: { fit: preset as unknown as Preset },
    settings: { given: found("what was given", z.string().check(z.maxLength(100)), String) },
    advice: "lower lr",
    load: () =>
      Promise.resolve({ train: described(train), test: described(test), source: "given" }),
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
