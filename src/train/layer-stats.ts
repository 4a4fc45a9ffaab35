/** What users of weight normalization want to see of a layer: |v|, g, and the step that |v| leaves of the learning rate. */
import type { Shape } from "../graph/index.ts";
import { unitNorms } from "../nn/index.ts";
import { TINY } from "../nn/units.ts";
import { fittedScale, partedWeights, type Parted } from "../nn/parts.ts";
import { isOptimizerState } from "../optim/index.ts";
import type { State } from "../runtime/program.ts";

/** One weight tensor: its norms, scales, and effective step. */
export interface LayerStats {
  readonly layer: string;
  /** Mean over the units of |v| (of |w| where the weight is not normalized). */
  readonly v: number;
  /** Mean over the units of g. */
  readonly g: number;
  /** Mean over the units of lr / |v|^2: what a gradient of fixed direction turns v by (section 2.1); dead units, whose v is as good as 0, are left out. */
  readonly effectiveStep: number;
}

/**
 * One entry for every weight in `state`, in the state's order, by our names and, where it is normalized, by PyTorch's too;
 * those of a recurrent layer are two, "lstm1.wih" and "lstm1.whh". What only shares a name with a weight is left out. The values
 * must be on the host: of a state that steps have changed pass `await read(state, weightNames(state))`.
 */
export function layerStats(state: State, lr: number): readonly LayerStats[] {
  return weightsIn(state).flatMap((weight) => {
    const units = unitsOf(state, weight);
    if (!units) return [];
    const { norms, scales } = units;
    return [
      {
        layer: weight.layer,
        v: mean(norms),
        g: mean(scales),
        effectiveStep: mean(norms.filter((n) => n >= TINY).map((n) => lr / (n * n))),
      },
    ];
  });
}

/** The names of the parameters that `layerStats` looks at, v or w and g: all of a state that need be read for it. */
export const weightNames = (state: State): readonly string[] =>
  weightsIn(state).flatMap(({ name, parts }) => (parts ? [name, parts.scale] : [name]));

/** A weight of a layer by its name, or by that of its v. */
export interface Weight {
  readonly layer: string;
  readonly name: string;
  /** Where it is normalized. */
  readonly parts: Parted | undefined;
}
/** The weights of a state, in its order. */
export function weightsIn(state: State): readonly Weight[] {
  const parted = new Map(partedWeights(state.keys()).map((parts) => [parts.v, parts]));
  return [...state.keys()].flatMap((name) => {
    const parts = parted.get(name);
    const layer = parts ? layerOf(parts.weight) : weightPath(name);
    return layer === undefined || isOptimizerState(name) ? [] : [{ layer, name, parts }];
  });
}

/** The units of a weight: which of them each element belongs to, their |v| and their g; undefined where only names are those of a weight. */
export function unitsOf(
  state: State,
  { name, parts }: Weight,
):
  | {
      readonly unit: Int32Array;
      readonly norms: readonly number[];
      readonly scales: readonly number[];
    }
  | undefined {
  const x = state.get(name)!;
  const scale = parts && fittedScale(parts, state);
  if (typeof scale === "string") return undefined; // another program's
  const { unit, norms } = unitNorms(x, scale?.shape ?? defaultUnits(name, x.shape));
  const lengths = [...norms];
  if (!scale) return { unit, norms: lengths, scales: lengths };
  return {
    ...{ unit, norms: lengths },
    scales: Array.from(scale.data, parts.exponential ? Math.exp : (g) => g),
  };
}

/** "conv1" of "conv1.w", "fc" of "fc.weight"; what has a name of its own has it here. */
const layerOf = (weight: string): string => /^(.+)\.(w|weight)$/s.exec(weight)?.[1] ?? weight;

/** "conv1" of "conv1.v" and of "conv1.w", "lstm1.wih" of "lstm1.wih.v" and of "lstm1.wih"; undefined for what is no weight. */
const weightPath = (name: string): string | undefined =>
  /^(.*)\.[vw]$/s.exec(name)?.[1] ?? /^.*\.w[ih]h$/s.exec(name)?.[0];

/** Where a plain weight has its units: first, but in layers whose weights are stored input first. */
const defaultUnits = (name: string, shape: Shape): Shape => {
  const axis = /(^|\.)(convTranspose|embedding)\d*\./.test(name) ? 1 : 0;
  return shape.map((d, i) => (i === axis ? d : 1));
};

const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
