/** From a task to an experiment: what all that train on minibatches have in common. */
import { keyTensor, trace, type Arm } from "../../src/index.ts";
import {
  UsageError,
  type Experiment,
  type Exported,
  type Field,
  type Trained,
  type World,
} from "../experiment.ts";
import { crewOf, oneRank, shareOf, type Crew } from "../ranks.ts";
import { isGrid } from "../rates.ts";
import { ARMS, type Facts } from "../records.ts";
import {
  heldOutSize,
  holdsOut,
  minibatchSettings,
  trainedSize,
  type MinibatchConfig,
} from "./config.ts";
import type { Looks } from "../looks.ts";
import { earlierResults } from "./earlier.ts";
import { historyOf } from "./history.ts";
import { looksAt } from "./looks.ts";
import { evaluated, normOf, programsOf, type Programs } from "./programs.ts";
import { startRun } from "./run.ts";
import { sheetOf } from "./sheet.ts";
import type { Task, TaskData, TrainedModel } from "./task.ts";

/** What a setting is where all there is is meant: of examples, or of cores. */
const ALL = Infinity;

interface Loaded {
  readonly task: Task;
  readonly config: MinibatchConfig;
  readonly data: TaskData;
}

export function experimentOf(task: Task): Experiment<MinibatchConfig> {
  if (task.measures.length === 0)
    throw new Error(
      `${task.name}: expected a measure that runs are judged by, got none; add one of the network's outputs`,
    );
  const { unit = "images" } = task;
  const presets = Object.keys(task.presets);
  /** The data, and all that they decide. */
  const loaded = async (asked: MinibatchConfig, world: World): Promise<Loaded> => {
    const { task: whole, config } = (await task.decide?.(asked, world)) ?? {
      ...{ task, config: asked },
    };
    const data = tested(await whole.load(world), config, unit);
    const complete = {
      ...config,
      threads: config.threads === ALL ? world.threads : config.threads,
      trainSize: config.trainSize === ALL ? data.train.count : config.trainSize,
    };
    if (complete.trainSize > data.train.count)
      throw new UsageError(
        `--train-size: expected at most the ${data.train.count} training ${unit} of ${data.source}, got ${complete.trainSize}; lower it`,
      );
    checkSizes(complete, unit);
    return { task: whole, config: complete, data };
  };
  const settings = {
    ...minibatchSettings({
      ...{ measure: task.measures[0], network: task.options, unit },
      hasTestSet: task.decide === undefined,
      startsFromData: task.initialization !== "as drawn",
    }),
    ...task.settings,
  };
  return {
    name: task.name,
    about: task.about,
    settings,
    places: task.places,
    presets,
    ...(task.examples ? { examples: task.examples } : {}),
    ...(task.tab ? { tab: task.tab } : {}),
    ...(task.takes ? { takes: task.takes } : {}),
    shares: true,
    ...(task.toChoose ? { toChoose: task.toChoose } : {}),
    complete(asked) {
      const { preset = presets[0] } = asked;
      const { lrOf, ...preset0 } = task.presets[preset];
      const config: MinibatchConfig = {
        arms: task.arms ?? ARMS,
        seeds: [1],
        ...preset0,
        ...(asked.lr === undefined && lrOf ? { lrOf } : {}),
        threads: ALL,
        trainSize: ALL,
        ...asked,
        preset,
      };
      checkSizes(config, unit);
      return config;
    },
    async open(asked, world) {
      const { task: whole, config, data } = await loaded(asked, world);
      return fieldOf(whole, config, data, world);
    },
    async diagnose({ config: asked, world, ...rest }) {
      const { diagnosisOf } = await import("./diagnose.ts"); // what trains need not load it
      return diagnosisOf({ ...(await loaded(asked, world)), world, ...rest });
    },
    history: historyOf,
    earlier: (results, where) =>
      earlierResults(results, { ...{ name: task.name, settings, task }, where }),
    ...(task.sample
      ? {
          sample: (trained, { count, seed }) =>
            task.sample!(modelOf(task, trained), { count, key: keyTensor("sample", seed) }),
        }
      : {}),
    ...(task.answering
      ? { exported: (trained) => exportedBy(task, task.answering!, trained) }
      : {}),
    ...(task.predict
      ? {
          predict: (trained, files) =>
            task.predict!(modelOf(task, trained), { files, world: trained.world }),
        }
      : {}),
  };
}

/** The same with no more test examples than are asked for. */
function tested(data: TaskData, { testSize }: MinibatchConfig, unit: string): TaskData {
  const { test, source } = data;
  if (testSize === undefined) return data;
  if (testSize > test.count)
    throw new UsageError(
      `--test-size: expected at most the ${test.count} test ${unit} of ${source}, got ${testSize}; lower it`,
    );
  return { ...data, test: { ...test, count: testSize } };
}

function checkSizes(config: MinibatchConfig, unit: string): void {
  if (config.batchSize !== ALL && config.batchSize > trainedSize(config))
    throw new UsageError(
      `--batch-size: expected at most the ${trainedSize(config)} ${unit} of an epoch, got ${config.batchSize}; lower it or raise --train-size`,
    );
  if (holdsOut(config) && heldOutSize(config) === 0)
    throw new UsageError(
      `--train-size: ${isGrid(config) ? "with several learning rates" : "with --validation"} a share of ${config.heldOut} is held out, got none of ${config.trainSize} ${unit}; raise it or ${isGrid(config) ? "give one --lr" : "leave --validation away"}`,
    );
}

/** A trained run as its task takes it. */
function modelOf(
  task: Task,
  { key, config, state, world }: Trained<MinibatchConfig>,
): Omit<TrainedModel, "data"> {
  const { arm, seed } = key;
  return {
    ...{ config, arm, seed, norm: normOf(task, arm), state: evaluated(config, state) },
    runtime: world.runtime(config.threads),
    onProgress: (done) => world.progress(`${arm}-${seed}: pictures and final measurements`, done),
  };
}

async function exportedBy(
  task: Task,
  answering: NonNullable<Task["answering"]>,
  trained: Trained<MinibatchConfig>,
): Promise<Exported> {
  const { config, key, state, world } = trained;
  const { input, network, metadata, original = new Map() } = await answering(config, world);
  const norm = normOf(task, key.arm);
  return {
    outputs(size) {
      const { answer } = trace(network(input(size)), { mode: "eval", norm }).value;
      return { answer };
    },
    state: evaluated(config, state),
    metadata,
    original,
  };
}

function fieldOf(
  task: Task,
  config: MinibatchConfig,
  data: TaskData,
  world: World,
): Field<MinibatchConfig> {
  const runtime = world.runtime(config.threads);
  const { crew = crewOf(oneRank) } = world;
  const programs = new Map<Arm, Programs>();
  const programsFor = (arm: Arm): Programs => {
    const found = programs.get(arm) ?? programsOf({ task, config, arm, data, runtime, crew });
    programs.set(arm, found);
    return found;
  };
  const looks = new Map<Arm, Looks>();
  const rest = async (arm: Arm): Promise<void> => programs.get(arm)?.release();
  return {
    config,
    facts: [
      ["source", data.source],
      [`training ${task.unit ?? "images"}`, trainedSize(config)],
      [`test ${task.unit ?? "images"}`, data.test.count],
      ...statisticsOf(task, config, crew),
      ...(task.facts ?? []),
    ],
    sheet: sheetOf(task, config, data.test.count),
    start: (key, from) =>
      startRun({ config, key, programs: programsFor(key.arm), ...(from ? { from } : {}) }),
    async measure(trained, where) {
      const { key, config: own } = trained;
      const one = programsOf({ task, config: own, arm: key.arm, data, runtime });
      one.lastOf(trained.state, where);
      return { test: await one.test(trained.state).finally(one.release) };
    },
    ...(task.show
      ? { exhibit: async (trained) => task.show!({ ...modelOf(task, trained), data }) }
      : {}),
    ...(task.looks
      ? {
          looks({ arm }) {
            const asked = { config, arm, norm: normOf(task, arm), data, runtime };
            const found = looks.get(arm) ?? looksAt(task.looks!(asked), config);
            looks.set(arm, found);
            return found;
          },
        }
      : {}),
    rest,
    async release() {
      for (const arm of programs.keys()) await rest(arm);
      for (const look of looks.values()) await look.release();
    },
  };
}

/** Of layers that normalize by the batch: that each of several processes does so by its own share of it. */
function statisticsOf(
  { unit = "images" }: Task,
  { arms, batchSize }: MinibatchConfig,
  { ranks }: Crew,
): Facts {
  const by = arms.filter((arm) => arm !== "plain" && arm !== "weight");
  if (ranks.size === 1 || by.length === 0) return [];
  const { count } = shareOf(batchSize, ranks);
  return [
    [
      "batch statistics",
      `of ${by.join(", ")}: each rank's own, of ${count} of the ${batchSize} ${unit} of a batch`,
    ],
  ];
}
