/** What a diagnosis looks at of an arm, and the spectra of its gradients at one moment. */
import { keyOf, type Key, type State } from "../../src/index.ts";
import { chanceOf } from "../diagnosis/chance.ts";
import { alignmentOf, looked, projected } from "../diagnosis/covariance.ts";
import { medianCosine } from "../diagnosis/random-direction.ts";
import {
  LEAST_PER_DIMENSION,
  type LayerDiagnosis,
  type UnitDiagnosis,
} from "../diagnosis/record.ts";
import type { Samples } from "../diagnosis/vectors.ts";
import type { RunKey } from "../events.ts";
import { UsageError, type Diagnosed } from "../experiment.ts";
import { trainedSize, type MinibatchConfig } from "./config.ts";
import {
  chosenOf,
  gradientsOf,
  type Chosen,
  type Gradients,
  type UnitGradients,
} from "./gradients.ts";
import { hasStatistics, normOf } from "./programs.ts";
import type { Task, TaskData } from "./task.ts";

/**
 * Examples of a minibatch. Where a gradient is a mean over examples its covariance is that of one example over their number, so few tell
 * as much as many, and cheaper. Where layers take statistics of the batch it is no such mean, and the batch is that of training.
 */
const EXAMPLES = 10;
/** Of gradients of larger batches there are fewer, since all are to see as many examples. */
const LEAST_BATCHES = 8;
/** Of more layers the first, the middle and the last are looked at. */
const MOST_LAYERS = 6;
/** Weights of fewer dimensions have no spectrum to speak of. */
const LEAST_FAN_IN = 3;
/** Numbers that are kept at a time: half a gigabyte of gradients. */
const MOST_KEPT = 1.3e8;
export interface DiagnosisOptions extends Omit<Diagnosed<MinibatchConfig>, "config"> {
  readonly task: Task;
  readonly config: MinibatchConfig;
  readonly data: TaskData;
}

/** What is looked at of an arm. */
export interface Plan {
  /** Minibatches, and examples of each. */
  readonly batches: number;
  readonly examples: number;
  readonly gradients: Gradients;
  /** With their units. */
  readonly layers: readonly Chosen[];
  /** What to say of the others. */
  readonly notes: readonly string[];
}
export function planOf(options: DiagnosisOptions, key: RunKey): Plan {
  const { units, config } = options;
  const isMean = !hasStatistics(key.arm);
  const examples = isMean ? EXAMPLES : config.batchSize;
  const batches = Math.max(
    LEAST_BATCHES,
    Math.min(options.batches, Math.round((options.batches * EXAMPLES) / examples)),
  );
  const gradients = gradientsFor(options, key, examples);
  const all = gradients.taken
    .map((taken) => chosenOf(taken, units))
    .filter(({ places }) => places[0].length >= LEAST_FAN_IN);
  if (all.length === 0)
    throw new UsageError(
      `${options.task.name}: expected layers with weights of at least ${LEAST_FAN_IN} dimensions, got none; there is nothing to diagnose`,
    );
  const [n, middle] = [all.length, all.length >> 1];
  const some = n <= MOST_LAYERS ? all : [all[0], all[middle], all[n - 1]];
  const numbers = some.reduce((sum, c) => sum + 2 * c.places.length * c.places[0].length, 0);
  if (numbers * batches > MOST_KEPT)
    throw new UsageError(
      `--batches: expected gradients of at most ${MOST_KEPT} numbers, got ${numbers} for each of ${batches} minibatches; lower --batches or --units`,
    );
  const names = some.map(({ taken }) => taken.layer).join(", ");
  const left =
    n <= MOST_LAYERS
      ? []
      : [`of ${n} layers of weights the first, the middle and the last were looked at: ${names}`];
  const larger = isMean
    ? []
    : [
        `gradients of ${key.arm} are of ${batches} minibatches of ${examples}, as it was trained: its layers take statistics of them`,
      ];
  const notes = [...left, ...larger, ...fewOf(some, batches)];
  return { batches, examples, gradients, layers: some, notes };
}

/** Layers of which there are too few samples for their smallest eigenvalues. */
const fewOf = (layers: readonly Chosen[], batches: number): readonly string[] =>
  layers.flatMap(({ taken, places: [{ length: d }] }) =>
    batches < LEAST_PER_DIMENSION * d
      ? [
          `${taken.layer} has ${d} weights a unit, for a whole spectrum of which ${LEAST_PER_DIMENSION * d} minibatches would be needed: of ${batches} its condition is left out`,
        ]
      : [],
  );

/** What to say of layers of which a few samples make up the covariance, or an eigenvalue was not found to the end. */
export function doubtsOf(
  layers: readonly LayerDiagnosis[],
  when: string,
  batches: number,
): readonly string[] {
  const few = layers.flatMap(({ layer, fanIn, chosen }) => {
    const least = Math.min(...chosen.map(({ w }) => w?.effective ?? Infinity));
    return least < LEAST_PER_DIMENSION * fanIn ? [`${Math.round(least)} for ${layer}`] : [];
  });
  const open = layers
    .filter(({ chosen }) => chosen.some(({ w, v }) => [w, v].some((one) => one && !one.converged)))
    .map(({ layer }) => layer);
  return [
    ...(few.length === 0
      ? []
      : [
          `${when}: some gradients are much longer than others, so that ${batches} minibatches may be as good as ${few.join(", ")}, fewer than ${LEAST_PER_DIMENSION} for each dimension: the smaller eigenvalues are rough there, and with them the condition`,
        ]),
    ...(open.length === 0
      ? []
      : [
          `${when}: the largest eigenvalue of ${open.join(", ")} did not converge and is somewhat larger than is said`,
        ]),
  ];
}

const gradientsFor = (
  { task, config, data, world }: DiagnosisOptions,
  { arm }: RunKey,
  examples: number,
): Gradients =>
  gradientsOf({
    network: task.network(data.train.inputs(examples), config),
    ...{ norm: normOf(task, arm), data: data.train, examples },
    runtime: world.runtime(config.threads),
  });

interface Looking {
  readonly plan: Plan;
  readonly key: RunKey;
  readonly values: State;
  readonly onBatch: () => void;
  /** After each unit's spectra, which take about as long as so many examples. */
  readonly onSpectra: (examples: number) => void;
}
export async function lookedAt(
  { config }: DiagnosisOptions,
  { plan: { batches, gradients, layers }, key, values, onBatch, onSpectra }: Looking,
): Promise<readonly LayerDiagnosis[]> {
  const found = await gradients.of(values, layers, {
    ...{ seed: key.seed, batches, trained: trainedSize(config) },
    onBatch,
  });
  const diagnosed: LayerDiagnosis[] = [];
  for (const [i, { taken, units, places, of }] of layers.entries()) {
    const { layer, normalized, parameter } = taken;
    const all = values.get(parameter.attrs.name)!.data;
    const d = places[0].length;
    const chosen: UnitDiagnosis[] = [];
    for (const [u, unit] of units.entries()) {
      const direction = Float64Array.from(places[u], (at) => all[at]);
      const chance = (place: string): Key => keyOf(key.seed, "chance", layer, unit, place);
      chosen.push({ unit, ...unitOf(found[i][u], direction, chance) });
      onSpectra(spectraOf(d, batches));
      await nextTurn(); // a display wants to show how far it is
    }
    diagnosed.push({
      ...{ layer, fanIn: d, units: of, normalized, cosine: medianCosine(d), chosen },
    });
  }
  return diagnosed;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** The gradients of one unit, whose w lies along `direction`; `chance` gives a key for each place. */
function unitOf(
  { w, v }: UnitGradients,
  direction: Float64Array,
  chance: (place: string) => Key,
): Omit<UnitDiagnosis, "unit"> {
  const inW = looked(w);
  const across = projected(w, direction);
  const inV = looked(v ?? across, w.d - 1);
  return {
    w: inW?.spectrum ?? null,
    v: inV?.spectrum ?? null,
    noise: {
      w: inW && chanceOf(w, w.d, chance("w")),
      v: inV && chanceOf(v ?? across, w.d - 1, chance("v")),
    },
    alignment: inW && direction.some((x) => x !== 0) ? alignmentOf(w, direction, inW) : null,
    identity: v ? apart(v, across) : null,
  };
}

/** |y - c x| / |y| over all samples, with the c that fits best. */
function apart({ rows: y }: Samples, { rows: x }: Samples): number | null {
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < y.length; i++) {
    xx += x[i] * x[i];
    xy += x[i] * y[i];
    yy += y[i] * y[i];
  }
  if (!(yy > 0) || !(xx > 0)) return null;
  let rest = 0;
  for (let i = 0; i < y.length; i++) rest += (y[i] - (xy / xx) * x[i]) ** 2;
  return Math.sqrt(rest / yy);
}

/** About what two spectra in so many dimensions take, and two of chance, in examples of a small network. */
export const spectraOf = (d: number, batches: number): number =>
  batches < LEAST_PER_DIMENSION * d ? d : 2 * (d / 30) ** 3;
