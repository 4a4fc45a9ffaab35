/** The paper's section 2.1, measured on runs on minibatches: what it says of covariances of gradients, and of |v|. */
import type { State } from "../../src/index.ts";
import { weightsIn } from "../../src/train/layer-stats.ts";
import type { ArmDiagnosis, Diagnosis, Growth, Moment } from "../diagnosis/record.ts";
import type { RunKey } from "../events.ts";
import type { Contestant } from "../experiment.ts";
import { stepsPerEpoch } from "./config.ts";
import {
  doubtsOf,
  lookedAt,
  planOf,
  spectraOf,
  type DiagnosisOptions,
  type Plan,
} from "./gradient-spectra.ts";
import { growthOf } from "./growth-of-v.ts";
import { programsOf, type Means } from "./programs.ts";
import { progressOf, type Progress } from "./progress.ts";
import { startRun } from "./run.ts";

/** What a run of a program takes beside its examples, in examples. */
const RUN = 10;
/** What the same sums may differ by, as a share of them, where a run is trained again by the same programs. */
const ROUNDING = 1e-6;

/** Throws where a checkpoint is not one of the runs that `config` has. */
export async function diagnosisOf(options: DiagnosisOptions): Promise<Diagnosis> {
  const { task, config, data, runs, steps } = options;
  const notes = new Set<string>();
  const plans = runs.map(({ key }) => planOf(options, key));
  const work = workOf(options, plans);
  const arms: ArmDiagnosis[] = [];
  let growth: Growth | null = null;
  for (const [i, { key, state, step, file, progress: kept }] of runs.entries()) {
    const plan = plans[i];
    const { batches, examples } = plan;
    const progress = progressOf({ progress: kept }, file);
    const training = await trainingOf(options, key, state, file);
    try {
      for (const line of plan.notes) notes.add(line);
      const moments: Moment[] = [];
      const look = async (name: string, at: number, values: State): Promise<void> => {
        const layers = await lookedAt(options, {
          ...{ plan, key, values, onSpectra: work.did },
          onBatch: () => work.did(examples + RUN),
        });
        moments.push({ name, step: at, layers });
        for (const line of doubtsOf(layers, `${key.arm}, ${name}`, batches)) notes.add(line);
      };
      const start = (await training.contestant.saved()).checkpoint.state;
      if (step > 0) await look("start", 0, start);
      const perEpoch = stepsPerEpoch(config);
      if (step > perEpoch) {
        await advance(training.contestant, perEpoch, () => work.did(config.batchSize + RUN));
        const { checkpoint } = await training.contestant.saved();
        const again = progressOf(checkpoint, file);
        const differing = apart(progress.epochs[0]?.train, again.epochs[0]?.train);
        if (differing)
          notes.add(
            `${key.arm}: the first epoch, trained again, had a ${differing}: "after one epoch" is not exactly where the run was, as on another device, with other threads or ranks`,
          );
        await look("after one epoch", perEpoch, checkpoint.state);
      } else if (step > 0)
        notes.add(
          `${key.arm} has been trained for ${step} steps, not for more than an epoch of ${perEpoch}: there is no moment between its start and its checkpoint`,
        );
      await look(step > 0 ? "checkpoint" : "start", step, training.last);
      const run = { seconds: progress.seconds, test: lastTest(progress, task.measures[0].key) };
      arms.push({ arm: key.arm, lr: key.lr, batches, examples, run, moments });
      const hasV = weightsIn(start).some(({ parts }) => parts !== undefined);
      if (!growth && hasV && steps > 0)
        growth = await growthOf({
          ...{ task, config, key, data, start, steps },
          runtime: options.world.runtime(config.threads),
          onStep: () => work.did(config.batchSize + RUN),
        });
    } finally {
      await training.release();
    }
  }
  for (const { method, rate, failed, fell } of growth?.methods ?? []) {
    const rates = fell ? failed : [...failed, rate];
    if (rates.length > 0)
      notes.add(
        `with ${method} the loss did not fall in ${steps} steps, or first rose by more than half, at ${rates.join(", ")}`,
      );
  }
  if (!growth && steps > 0)
    notes.add("no arm that was looked at has a v: nothing is said of its growth");
  return {
    format: "weightnorm-diagnosis/2",
    experiment: task.name,
    seed: runs[0].key.seed,
    ...{ measure: task.measures[0], stepsPerEpoch: stepsPerEpoch(config) },
    ...{ arms, growth, notes: [...notes] },
  };
}

/** The first measure of two epochs that differs by more than rounding, as "loss of 0.21 and not 0.2". */
function apart(was: Means | undefined, now: Means | undefined): string | undefined {
  for (const [name, a] of Object.entries(was ?? {})) {
    const b = now?.[name];
    if (b !== undefined && Math.abs(a - b) > ROUNDING * Math.max(Math.abs(a), Math.abs(b)))
      return `${name} of ${Number(b.toPrecision(7))} and not ${Number(a.toPrecision(7))}`;
  }
  return undefined;
}

/** Not scaled; null where nothing was tested. */
const lastTest = ({ epochs, curve }: Progress, measure: string): number | null =>
  curve.findLast(({ test }) => test?.[measure] !== undefined)?.test?.[measure] ??
  epochs.at(-1)?.test[measure] ??
  null;

/** A run begun again, exactly as it began, and the last state of its checkpoint. */
async function trainingOf(
  { task, config, data, world }: DiagnosisOptions,
  key: RunKey,
  state: State,
  file: string,
): Promise<{
  readonly contestant: Contestant;
  readonly last: State;
  readonly release: () => Promise<void>;
}> {
  // No test on the way, which changes nothing of what is trained; held-out examples are looked at, where there are any.
  const untested = { ...data, test: { ...data.test, count: 0 } };
  const programs = programsOf({
    ...{ task, config, arm: key.arm, data: untested },
    runtime: world.runtime(config.threads),
  });
  const last = programs.lastOf(state, file);
  const contestant = await startRun({ config, key, programs });
  return { contestant, last, release: programs.release };
}

async function advance(contestant: Contestant, to: number, did: () => void): Promise<void> {
  while (contestant.step() < to) {
    await contestant.advance();
    did();
  }
}

/** How far all is, in examples that a network sees. */
interface Work {
  did(amount: number): void;
}
function workOf(options: DiagnosisOptions, plans: readonly Plan[]): Work {
  const { config, runs, steps, world } = options;
  const step = config.batchSize + RUN;
  const perEpoch = stepsPerEpoch(config);
  let total = 0;
  for (const [i, { step: at }] of runs.entries()) {
    const { batches, examples, layers } = plans[i];
    const spectra = layers.reduce(
      (sum, { places }) => sum + places.length * spectraOf(places[0].length, batches),
      0,
    );
    const moments = at === 0 ? 1 : at > perEpoch ? 3 : 2;
    total +=
      moments * (batches * (examples + RUN) + spectra) + (at > perEpoch ? perEpoch * step : 0);
  }
  total += 3 * steps * step; // which may be more, where a rate turns out too large
  let done = 0;
  world.progress("diagnosis", 0);
  return {
    did(amount) {
      done += amount;
      world.progress("diagnosis", Math.min(1, done / total));
    },
  };
}
