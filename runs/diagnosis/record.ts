/** What a diagnosis leaves behind: the shape of diagnosis.json. Plain data, no code but a number. */
import type { Arm } from "../../src/index.ts";
import type { Measure } from "../sheet.ts";

/** With fewer samples for each dimension the smaller eigenvalues of a covariance are rough, and its condition with them. */
export const LEAST_PER_DIMENSION = 4;

/** The covariance of samples of a vector, all eigenvalues in units of their mean. */
export interface Spectrum {
  /** Of the space that it may fill: one less than the vector has where a direction was taken out. */
  readonly dimensions: number;
  readonly samples: number;
  /** How many they are as good as, (sum |x|^2)^2 / sum |x|^4: fewer where some are much longer than the others. */
  readonly effective: number;
  /** The mean eigenvalue. */
  readonly mean: number;
  /** Largest first; of many the first, the last and some between them. Null where there are too few samples for them. */
  readonly eigenvalues: readonly number[] | null;
  /** The largest one, over the mean, the median and the smallest one; null where that is 0, or there are too few samples. */
  readonly largest: number;
  /** Whether `largest` is an eigenvalue but for rounding; if not, it is somewhat more. */
  readonly converged: boolean;
  readonly overMedian: number | null;
  readonly overSmallest: number | null;
  /** |C - m I| / |m I|, m the mean eigenvalue, by Frobenius: as the samples have it; null where there are too few. */
  readonly distance: number | null;
  /** The same without what so few samples add by chance: 0 where that is more than there is, null where it cannot be told. */
  readonly corrected: number | null;
}

/** What samples of the same lengths would measure if their directions were random: whatever is no larger than this is noise. */
export interface Noise {
  readonly largest: number;
  readonly overMedian: number | null;
  readonly overSmallest: number | null;
  /** The root of the mean square. */
  readonly distance: number;
  /** The root of one standard deviation of its square, which is 0 in the mean. */
  readonly corrected: number | null;
}

/** How a direction lies to a covariance. */
export interface Alignment {
  /** |cos| between it and the eigenvector of the largest eigenvalue. Of a random direction the median is about 0.674 / sqrt(d). */
  readonly cosine: number;
  /** How often a random direction has at least as large a one. */
  readonly p: number;
  /** u'Cu / |u|^2 over the mean eigenvalue. A random direction has about 1. */
  readonly share: number;
}

/** The gradients of one unit's weights. */
export interface UnitDiagnosis {
  readonly unit: number;
  /** With respect to w. Null for a unit that has no gradient. */
  readonly w: Spectrum | null;
  /** With respect to v; of weights that are not normalized what they would be, M_w dw. */
  readonly v: Spectrum | null;
  /** What chance alone would make of either. */
  readonly noise: { readonly w: Noise | null; readonly v: Noise | null };
  readonly alignment: Alignment | null;
  /** |dv - c M_w dw| / |dv| over all samples, c = g / |v| as it fits best: 0 but for rounding; null of weights that are not normalized. */
  readonly identity: number | null;
}

/** A layer of weights: some of its units, and what chance would measure of as many gradients. */
export interface LayerDiagnosis {
  readonly layer: string;
  /** The dimensions of w of one unit. */
  readonly fanIn: number;
  /** How many there are. */
  readonly units: number;
  /** Whether weights are normalized, so that there is a v. */
  readonly normalized: boolean;
  /** The median of |cos| between a random direction and any other. */
  readonly cosine: number;
  /** Those that were looked at. */
  readonly chosen: readonly UnitDiagnosis[];
}

/** What was measured of an arm at one step of its training. */
export interface Moment {
  /** "start", "after one epoch", "checkpoint" */
  readonly name: string;
  readonly step: number;
  readonly layers: readonly LayerDiagnosis[];
}

/** One arm's run, moment by moment. */
export interface ArmDiagnosis {
  readonly arm: Arm;
  readonly lr: number;
  /** Minibatches that gradients were taken of, and examples of each. */
  readonly batches: number;
  readonly examples: number;
  /** The run up to its checkpoint: seconds of training, and the first measure of its last test, not scaled. */
  readonly run: { readonly seconds: number; readonly test: number | null };
  readonly moments: readonly Moment[];
}

/** Some steps with one optimizer: an entry a step in each list. */
export interface Growing {
  readonly method: string;
  /** That of the first step. */
  readonly rate: number;
  /** Rates that were tried before, with which the loss did not fall, or first rose by more than half. */
  readonly failed: readonly number[];
  /** Whether it fell with this one, and never rose so far. */
  readonly fell: boolean;
  readonly loss: readonly number[];
  /** The mean over all units of |v| over |v| at the start. */
  readonly ratio: readonly number[];
  /** The largest |cos(v, dv)| of a unit. */
  readonly cosine: readonly number[];
  /** The share of units whose |v| grew, of those where it changed by more than rounding can; null where there are none. */
  readonly grew: readonly (number | null)[];
  /** The share of units where |v| changed by more than rounding can. */
  readonly seen: readonly number[];
  /** Of plain gradient descent: the largest relative error of |v'|^2 = |v|^2 + rate^2 |dv|^2. */
  readonly closedForm?: number;
}

/** What became of |v| in the first steps of an arm with w = g v / |v|, with several optimizers. */
export interface Growth {
  readonly arm: Arm;
  readonly steps: number;
  readonly batchSize: number;
  readonly methods: readonly Growing[];
}

/** The paper's section 2.1, measured on runs of ours. */
export interface Diagnosis {
  readonly format: "weightnorm-diagnosis/2";
  readonly experiment: string;
  readonly seed: number;
  /** What runs are judged by. */
  readonly measure: Measure;
  readonly stepsPerEpoch: number;
  readonly arms: readonly ArmDiagnosis[];
  /** Null where no arm has a v. */
  readonly growth: Growth | null;
  /** What was left out, and why. */
  readonly notes: readonly string[];
}
