/** One arm, from initialization to the last epoch: the loop that everything else serves. */
import {
  checkState,
  initialState,
  item,
  keyOf,
  keyTensor,
  layerStats,
  permutation,
  sizeOf,
  startAverages,
  startScales,
  tensor,
  type Checkpoint,
  type State,
  type Tensor,
} from "../../src/index.ts";
import type { Arm, CurvePoint, EpochResult, Means } from "../results.ts";
import {
  heldOutSize,
  ratesOf,
  stepsOf,
  stepsPerEpoch,
  trainedSize,
  type Config,
} from "./config.ts";
import { INIT_BATCH, programsOf, type ProgramOptions, type Programs } from "./programs.ts";

/** What a run has measured so far; part of its checkpoint, so a resumed run goes on counting. */
export interface Progress {
  readonly epochs: EpochResult[];
  readonly curve: CurvePoint[];
  readonly stepMilliseconds: number[];
  /** Training time alone. */
  seconds: number;
  /** Training and evaluation, over all processes that went on with the run. */
  wallSeconds: number;
  /** Sums over the epoch under way. */
  readonly epoch: { steps: number; sums: Means };
  /** Sums since the last point of the curve. */
  readonly point: { loss: number; steps: number };
}

/** A run under way. `advance` takes one step, and evaluates when that ends an epoch. */
export interface Run {
  readonly arm: Arm;
  readonly seed: number;
  /** The learning rate at the start. */
  readonly lr: number;
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
}

export interface RunOptions {
  readonly config: Config;
  readonly seed: number;
  /** One of the arm's learning rates (default: the first). */
  readonly lr?: number;
  readonly programs: Programs;
  /** Goes on from here. */
  readonly from?: Checkpoint;
}

/** Points of the training curve an epoch. */
const POINTS = 20;
/** About how often a run is tested at least, so that short runs have a curve too. */
const TESTS = 4;

export async function startRun({
  config,
  seed,
  programs,
  from,
  lr = ratesOf(config, programs.arm)[0],
}: RunOptions): Promise<Run> {
  const { arm, task } = programs;
  const perEpoch = stepsPerEpoch(config);
  const steps = stepsOf(config);
  const trained = trainedSize(config);
  const rates = Object.entries(task.rates(config, lr));
  const state: State = from ? stateOf(from) : initialState(programs.train.parameters, seed);
  const progress = (from ? structuredClone(from.progress) : emptyProgress()) as Progress;
  let step = from?.step ?? 0;

  const dead = from ? {} : await initialize();
  if (!from) startAverages(state);
  let order: { readonly epoch: number; readonly rows: Uint32Array } | undefined;
  const parameters = programs.train.parameters
    .filter((p) => p.attrs.trainable)
    .reduce((n, p) => n + sizeOf(p.shape), 0);
  return {
    arm,
    seed,
    lr,
    steps,
    progress,
    parameters,
    dead,
    step: () => step,
    advance,
    checkpoint,
  };

  /** In the order of the network, as a new run has it; a file's order is its own. */
  function stateOf({ state: saved }: Checkpoint): State {
    checkState(programs.train.parameters, saved, `the checkpoint of ${arm}-${seed}`);
    return new Map(
      programs.train.parameters.map(({ attrs: { name } }) => [name, saved.get(name)!]),
    );
  }

  async function initialize(): Promise<Record<string, number>> {
    if (task.initialization === "as drawn") {
      startScales(state);
      return {};
    }
    const rows = permutation(trained, keyOf(seed, "init")).subarray(
      0,
      Math.min(INIT_BATCH, trained),
    );
    const program = await programs.compileInit();
    const key = keyTensor(seed, "init noise");
    const outputs = await program.run({ ...programs.feeds(rows), key }, state);
    await program.release();
    const counts = Object.entries(outputs).filter(([name]) => name.startsWith("dead:"));
    return Object.fromEntries(
      counts.map(([name, count]) => [name.slice("dead:".length), item(count)]),
    );
  }

  async function advance(): Promise<{ readonly loss: number; readonly epoch?: EpochResult }> {
    const epoch = Math.floor(step / perEpoch);
    if (order?.epoch !== epoch)
      order = { epoch, rows: permutation(trained, keyOf(seed, "order", epoch)) };
    const start = (step % perEpoch) * config.batchSize;
    await programs.prepare();
    const began = performance.now();
    const now = Object.fromEntries(rates.map(([name, rate]) => [name, tensor(rate(step))]));
    const fed = {
      ...programs.feeds(order.rows.subarray(start, start + config.batchSize)),
      ...now,
      key: keyTensor(seed, "noise", step),
    };
    const before = new Map(state);
    const outputs = await programs.train.run(fed, state);
    const milliseconds = performance.now() - began;
    const loss = item(outputs["loss"]);
    if (!Number.isFinite(loss))
      throw badLoss(arm, step + 1, { loss, layer: await programs.blame(fed, before) });
    step++;
    const means = task.measures.map(({ key }) => [key, mean(outputs[key])] as const);
    record({ loss, ...Object.fromEntries(means) }, milliseconds, item(now["lr"]));
    const ended = step % perEpoch === 0 ? { epoch: await endEpoch(epoch + 1) } : {};
    if (!ended.epoch && isTestPoint()) markTest(await measured("test", programs.test(state)));
    progress.wallSeconds += (performance.now() - began) / 1000;
    return { loss, ...ended };
  }

  function record(means: Means, milliseconds: number, rate: number): void {
    progress.seconds += milliseconds / 1000;
    progress.stepMilliseconds.push(Math.round(milliseconds * 1000) / 1000);
    const { epoch, point } = progress;
    epoch.sums = mapValues(means, (x, name) => x + (epoch.sums[name] ?? 0));
    epoch.steps++;
    point.loss += means["loss"];
    point.steps++;
    if (!Number.isInteger(pointOfEpoch())) return;
    progress.curve.push({
      step,
      epoch: step / perEpoch,
      seconds: progress.seconds,
      loss: point.loss / point.steps,
      layers: layerStats(state, rate),
    });
    Object.assign(point, { loss: 0, steps: 0 });
  }

  /** Whether the point of the curve that this step made, if it did, is one to test at. */
  function isTestPoint(): boolean {
    const every = Math.ceil(POINTS / Math.max(1, Math.round(TESTS / config.epochs)));
    return pointOfEpoch() % every === 0;
  }

  /** Which point of its epoch's curve a step makes, whole if it makes one; 0 at the end. */
  function pointOfEpoch(): number {
    return (step % perEpoch) / Math.ceil(perEpoch / POINTS);
  }

  /** Measures that are numbers: the loss may still have been one when the parameters were past use. */
  async function measured(what: string, measuring: Promise<Means>): Promise<Means> {
    const means = await measuring;
    for (const [key, value] of Object.entries(means))
      if (!Number.isFinite(value))
        throw new Diverged(
          `train: the ${what} ${key} of ${arm} must be a finite number, got ${value} after step ${step}; lower --lr`,
        );
    return means;
  }

  function markTest(test: Means): void {
    const last = progress.curve.length - 1;
    progress.curve[last] = { ...progress.curve[last], test };
  }

  async function endEpoch(epoch: number): Promise<EpochResult> {
    const { sums, steps: n } = progress.epoch;
    const result = {
      epoch,
      seconds: progress.seconds,
      train: mapValues(sums, (x) => x / n),
      test: await measured("test", programs.test(state)),
      ...(heldOutSize(config) > 0 && {
        heldOut: await measured("held-out", programs.heldOut(state, trained, config.trainSize)),
      }),
    };
    progress.epochs.push(result);
    markTest(result.test);
    Object.assign(progress.epoch, { steps: 0, sums: {} });
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
    const { arms: _arms, seeds: _seeds, lr: _lr, lrOf: _lrOf, ...rest } = config;
    return {
      state: new Map(state),
      step,
      seed,
      config: { experiment: task.name, arm, lr, ...rest },
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
  wallSeconds: 0,
  epoch: { steps: 0, sums: {} },
  point: { loss: 0, steps: 0 },
});
const mean = ({ data }: Tensor): number =>
  Array.from(data).reduce((a, b) => a + b, 0) / data.length;
const mapValues = (x: Means, f: (value: number, name: string) => number): Means =>
  Object.fromEntries(Object.entries(x).map(([name, value]) => [name, f(value, name)]));

/** The measures of a checkpoint's parameters on the test set; `where` names its file in messages. */
export async function evaluateCheckpoint(
  { state, config }: Checkpoint,
  { where, ...options }: Omit<ProgramOptions, "config" | "arm"> & { readonly where: string },
): Promise<Means> {
  const { lr, ...rest } = config as unknown as Omit<Config, "lr"> & {
    readonly arm: Arm;
    readonly lr: number;
  };
  const programs = programsOf({
    ...options,
    config: { ...rest, arms: [rest.arm], lr: [lr] },
    arm: rest.arm,
  });
  checkState(programs.train.parameters, state, where);
  return programs.test(state).finally(programs.release);
}
