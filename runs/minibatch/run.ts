/** One arm, from initialization to the last epoch: the loop that everything else serves. */
import {
  initialState,
  isOptimizerState,
  item,
  keyOf,
  keyTensor,
  layerStats,
  permutation,
  read,
  sizeOf,
  startAverages,
  startScales,
  tensor,
  weightNames,
  type Checkpoint,
  type State,
  type Tensor,
} from "../../src/index.ts";
import { canonical } from "../canonical.ts";
import type { Happening, RunKey } from "../events.ts";
import { Diverged, type Contestant, type Kept, type Saved } from "../experiment.ts";
import { isBetter, parametersIn, parted, withBest } from "./best.ts";
import {
  batchOf,
  heldOutSize,
  stepsOf,
  stepsPerEpoch,
  trainedSize,
  type MinibatchConfig,
} from "./config.ts";
import { finishedOf, initializedOf, measuredOf, pointOf } from "./history.ts";
import { evaluated, INIT_BATCH, type Means, type Programs } from "./programs.ts";
import { checkAgreed, checkSame, spread } from "./together.ts";
import { emptyProgress, progressOf, type EpochResult, type Progress } from "./progress.ts";

export interface RunOptions {
  readonly config: MinibatchConfig;
  readonly key: RunKey;
  readonly programs: Programs;
  /** Goes on from here. */
  readonly from?: Pick<Kept, "checkpoint">;
}

/** Points of the training curve an epoch, and of a whole run: more than anybody sees. */
const MOST_POINTS = 20;
const ALL_POINTS = 20_000;
/** Turns of a whole run: each ends with a checkpoint, which holds all that was measured so far. */
const MOST_TURNS = 50;
/** Steps from one comparison of the states of processes that train together to the next. */
const SAME_EVERY = 100;
/** About how often a run is tested at least, so that short runs have a curve too. */
const TESTS = 4;

/** One run, at its start or where its checkpoint left it. */
export async function startRun({ config, key, programs, from }: RunOptions): Promise<Contestant> {
  const { arm, task, crew } = programs;
  const { advice = "lower --lr" } = task;
  const { seed, lr } = key;
  const perEpoch = stepsPerEpoch(config);
  const steps = stepsOf(config);
  const pointsAnEpoch = Math.max(1, Math.min(MOST_POINTS, Math.floor(ALL_POINTS / config.epochs)));
  const trained = trainedSize(config);
  const rates = Object.entries(task.rates(config, lr));
  const where = `the checkpoint of ${arm}-${seed}`;
  const saved = from?.checkpoint.state;
  const state: State = saved
    ? programs.lastOf(saved, where)
    : initialState(programs.parameters, seed);
  let best = saved && parted(saved).best;
  const progress: Progress = from ? progressOf(from.checkpoint, where) : emptyProgress();
  let step = from?.checkpoint.step ?? 0;
  checkAgreed(crew, "run", canonical({ ...config, ...key, step }));

  if (!from) {
    progress.dead = await initialize();
    await spread(state, crew);
    if (config.average !== undefined) await beginAverages();
    progress.start = layerStats(await read(state, weightNames(state)), lr);
  }
  let lastGood: Saved | undefined;
  let overflow: Diverged | undefined;
  let order: { readonly epoch: number; readonly rows: Uint32Array } | undefined;
  const parameters = programs.parameters
    .filter((p) => p.attrs.trainable)
    .reduce((n, p) => n + sizeOf(p.shape), 0);
  progress.parameters = parameters;
  progress.examples ??= progress.stepMilliseconds.length * config.batchSize;
  if (from && canonical(from.checkpoint.config["epochs"]) !== canonical(config.epochs))
    delete progress.stopped; // it is asked to go on for longer
  /** Where the run ends: earlier than planned if tests get no better. */
  const end = (): number => (progress.stopped ? step : steps);
  return {
    key,
    get steps() {
      return end();
    },
    turn: perEpoch * Math.ceil(config.epochs / MOST_TURNS),
    step: () => step,
    wall: () => progress.wallSeconds,
    begun: from ? [] : initializedOf(progress),
    advance,
    saved: kept,
  };

  /**
   * Of several processes rank 0 alone keeps checkpoints, by a clock of its own: the others do not make any, and what it finds wrong ends the
   * run at the next step, which all of them take together.
   */
  async function kept(): Promise<Saved> {
    const { ranks, vote } = crew;
    const isOnAll = ranks.size === 1 || step === end(); // all come to the end at once
    if (isOnAll) return { checkpoint: await checkpoint() };
    if (ranks.rank > 0 && lastGood) return lastGood;
    try {
      lastGood = { checkpoint: await checkpoint() };
    } catch (error) {
      if (!(error instanceof Diverged) || !lastGood) throw error;
      overflow = error;
      vote.giveUp();
    }
    return lastGood;
  }

  async function initialize(): Promise<Record<string, number>> {
    if (config.asDrawn || task.initialization === "as drawn") {
      startScales(state);
      return {};
    }
    if (crew.ranks.rank > 0) return {}; // rank 0 initializes, and gives the others what it has
    const rows = permutation(trained, keyOf(seed, "init")).subarray(
      0,
      Math.min(INIT_BATCH, trained),
    );
    const program = await programs.compileInit();
    const noise = keyTensor(seed, "init noise");
    const outputs = await program.run({ ...programs.feeds(rows), key: noise }, state);
    await program.release();
    const counts = Object.entries(outputs).filter(([name]) => name.startsWith("dead:"));
    return Object.fromEntries(
      counts.map(([name, count]) => [name.slice("dead:".length), item(count)]),
    );
  }

  /** Each average as a value of its own: a step lets go of what it replaces. */
  async function beginAverages(): Promise<void> {
    const values = await read(state);
    startAverages(values);
    for (const [name, x] of values) if (isOptimizerState(name)) state.set(name, x);
  }

  async function advance(): ReturnType<Contestant["advance"]> {
    const epoch = Math.floor(step / perEpoch);
    if (order?.epoch !== epoch)
      order = { epoch, rows: permutation(trained, keyOf(seed, "order", epoch)) };
    const rows = order.rows.subarray(...batchOf(config, step % perEpoch));
    const program = programs.step(rows.length, collects(step % perEpoch));
    await program.compile(); // so that its timing need not
    const began = performance.now();
    const now = Object.fromEntries(
      rates.map(([name, rate]) => [name, tensor(Float32Array.of(rate(step)), [])]),
    );
    const fed = {
      ...programs.feeds(programs.own(rows), keyOf(seed, "variation", step)),
      ...now,
      key: keyTensor(seed, "noise", step),
    };
    const talked = crew.ranks.seconds();
    const outputs = await program.run(fed, state).catch((error: unknown) => {
      throw error instanceof Diverged ? (overflow ?? error) : error;
    });
    const milliseconds = performance.now() - began;
    if (crew.ranks.size > 1)
      progress.communication = (progress.communication ?? 0) + crew.ranks.seconds() - talked;
    const loss = item(outputs["loss"]);
    if (!Number.isFinite(loss))
      throw badLoss(arm, step + 1, {
        ...{ loss, advice },
        layer: await programs.blame(fed, state, programs.own(rows).length),
      });
    step++;
    const means = task.measures.map(
      ({ key: name }) => [name, mean(outputOf(outputs, name))] as const,
    );
    const point = await record(
      { loss, ...Object.fromEntries(means) },
      { milliseconds, examples: rows.length, rate: item(now["lr"]) },
    );
    if (step % SAME_EVERY === 0 || step === steps) await checkSame(state, crew, step);
    const events: Happening[] = point ? [point] : [];
    if (step % perEpoch === 0) events.push(await endEpoch(epoch + 1));
    else if (isTestPoint()) events.push(markTest(await measured("test", programs.test(state))));
    progress.wallSeconds += (performance.now() - began) / 1000;
    if (step === end()) events.push(finishedOf(progress, { step, batchSize: config.batchSize }));
    const { communication, seconds } = progress;
    const values = { loss, ...(communication ? { communication: communication / seconds } : {}) };
    return { values, events };
  }

  /** Whether the gradients of a batch of an epoch wait for those of batches after it. */
  function collects(batch: number): boolean {
    const { accumulate = 1 } = config;
    return (batch + 1) % accumulate > 0 && batch + 1 < perEpoch;
  }

  async function record(
    means: Means,
    { milliseconds, examples, rate }: { milliseconds: number; examples: number; rate: number },
  ): Promise<Happening | undefined> {
    const share = examples / config.batchSize;
    progress.examples! += examples;
    progress.seconds += milliseconds / 1000;
    progress.stepMilliseconds.push(Math.round(milliseconds * 1000) / 1000);
    const { epoch, point } = progress;
    epoch.sums = mapValues(means, (x, name) => share * x + (epoch.sums[name] ?? 0));
    epoch.steps += share;
    point.loss += means["loss"];
    point.steps++;
    if (!Number.isInteger(pointOfEpoch())) return undefined;
    const made = {
      step,
      epoch: step / perEpoch,
      seconds: progress.seconds,
      loss: point.loss / point.steps,
      layers: layerStats(await read(state, weightNames(state)), rate),
    };
    progress.curve.push(made);
    Object.assign(point, { loss: 0, steps: 0 });
    return pointOf(made);
  }

  /** Whether the point of the curve that this step made, if it did, is one to test at. */
  function isTestPoint(): boolean {
    if (!programs.hasTest) return false;
    const every = Math.ceil(pointsAnEpoch / Math.max(1, Math.round(TESTS / config.epochs)));
    return pointOfEpoch() % every === 0;
  }

  /** Which point of its epoch's curve a step makes, whole if it makes one; 0 at the end. */
  function pointOfEpoch(): number {
    return (step % perEpoch) / Math.ceil(perEpoch / pointsAnEpoch);
  }

  /** Measures that are numbers: the loss may still have been one when the parameters were past use. */
  async function measured(what: string, measuring: Promise<Means>): Promise<Means> {
    const means = await measuring;
    for (const [name, value] of Object.entries(means))
      if (!Number.isFinite(value))
        throw new Diverged(
          `train: the ${what} ${name} of ${arm} must be a finite number, got ${value} after step ${step}; ${advice}`,
        );
    return means;
  }

  function markTest(test: Means): Happening {
    const last = progress.curve.length - 1;
    progress.curve[last] = { ...progress.curve[last], test };
    return measuredOf(progress.curve[last]);
  }

  async function endEpoch(epoch: number): Promise<Happening> {
    const { sums, steps: n } = progress.epoch;
    const result: EpochResult = {
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
    await judge(epoch, result.test);
    Object.assign(progress.epoch, { steps: 0, sums: {} });
    return measuredOf({ step, ...result });
  }

  /** Keeps the parameters of the best test, and ends the run where there has been none for too long. */
  async function judge(epoch: number, test: Means): Promise<void> {
    const [measure] = task.measures;
    if (!programs.hasTest) return;
    const value = test[measure.key];
    if (isBetter(measure, value, progress.best)) progress.best = { epoch, value };
    else if (epoch - progress.best!.epoch >= (config.patience ?? Infinity)) progress.stopped = true;
    // Of equals the one that was trained for longest: of a small test many are.
    if (config.keepBest && value === progress.best!.value)
      best = await parametersIn(evaluated(config, state));
  }

  async function checkpoint(): Promise<Checkpoint> {
    const all = await read(state);
    // An update may overflow under a loss that was still finite; it must not replace the last good checkpoint.
    for (const [name, { data: values }] of all) {
      const bad = values.find((x) => !Number.isFinite(x));
      if (bad !== undefined)
        throw new Diverged(
          `train: the parameters of ${arm} must be finite numbers, got ${bad} in ${name} after step ${step}; ${advice}`,
        );
    }
    const { arms: _arms, seeds: _seeds, lr: _lr, lrOf: _lrOf, ...rest } = config;
    return {
      state: withBest(all, best),
      step,
      seed,
      config: { experiment: task.name, arm, lr, ...rest },
      progress: { ...structuredClone(progress) },
    };
  }
}

function badLoss(
  arm: RunKey["arm"],
  step: number,
  {
    loss,
    layer,
    advice,
  }: { readonly loss: number; readonly layer: string | undefined; readonly advice: string },
): Diverged {
  const where =
    layer === undefined
      ? "no layer's pre-activations overflow, so the loss itself does"
      : `pre-activations overflow first in layer ${layer}`;
  return new Diverged(
    `train: the loss of ${arm} must be a finite number, got ${loss} at step ${step} (${where}); ${advice}`,
  );
}

const mean = ({ data }: Tensor): number =>
  Array.from(data).reduce((a, b) => a + b, 0) / data.length;
const mapValues = (x: Means, f: (value: number, name: string) => number): Means =>
  Object.fromEntries(Object.entries(x).map(([name, value]) => [name, f(value, name)]));

function outputOf(outputs: Readonly<Record<string, Tensor>>, name: string): Tensor {
  if (Object.hasOwn(outputs, name)) return outputs[name];
  throw new Error(
    `${name}: expected the network to return it, since it is a measure, got ${Object.keys(outputs).join(", ")}; return it for each example, [batch]`,
  );
}
