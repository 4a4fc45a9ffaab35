/** What users of weight normalization want to see of a layer: |v|, g, and the step that |v| leaves of the learning rate. */
import type { Shape } from "../graph/index.ts";
import { unitNorms } from "../nn/index.ts";
import { isOptimizerState } from "../optim/index.ts";
import type { State } from "../runtime/program.ts";

/** One weight tensor: its norms, scales, and effective step. */
export interface LayerStats {
  readonly layer: string;
  /** Mean over the units of |v| (of |w| where the weight is not normalized). */
  readonly v: number;
  /** Mean over the units of g. */
  readonly g: number;
  /** Mean over the units of lr / |v|^2: what a gradient of fixed direction turns v by (section 2.1). */
  readonly effectiveStep: number;
}

/** One entry for every weight in `state`, in the state's order; those of a recurrent layer are two, "lstm1.wih" and "lstm1.whh". */
export function layerStats(state: State, lr: number): readonly LayerStats[] {
  return [...state].flatMap(([name, x]) => {
    const path = weightPath(name);
    if (path === undefined || isOptimizerState(name)) return [];
    const g = state.get(`${path}.g`);
    const s = state.get(`${path}.s`);
    const norms = [...unitNorms(x, (g ?? s)?.shape ?? defaultUnits(name, x.shape)).norms];
    const scales = g ? [...g.data] : s ? [...s.data].map(Math.exp) : norms;
    return [
      {
        layer: path,
        v: mean(norms),
        g: mean(scales),
        effectiveStep: mean(norms.map((n) => lr / (n * n))),
      },
    ];
  });
}

/** "conv1" of "conv1.v" and of "conv1.w", "lstm1.wih" of "lstm1.wih.v" and of "lstm1.wih"; undefined for what is no weight. */
const weightPath = (name: string): string | undefined =>
  /^(.*)\.[vw]$/.exec(name)?.[1] ?? /^.*\.w[ih]h$/.exec(name)?.[0];

/** Where a plain weight has its units: first, but in layers whose weights are stored input first. */
const defaultUnits = (name: string, shape: Shape): Shape => {
  const axis = /(^|\.)(convTranspose|embedding)\d*\./.test(name) ? 1 : 0;
  return shape.map((d, i) => (i === axis ? d : 1));
};

const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / values.length;
