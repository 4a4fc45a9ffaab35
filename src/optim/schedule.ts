/** Rates over time: functions of the step, whose values are fed to the graph. */

import { described, optionsOf } from "../graph/index.ts";

/** The rate at a step, from 0. */
export type Schedule = (step: number) => number;

/** The same rate at every step. */
export const constantRate = (value: number): Schedule => {
  needNumbers("constantRate", { value });
  return () => value;
};

/** 0 until `start`, 1 from `end`, also where the two are one. */
const progress = (step: number, start: number, end: number): number =>
  stepOf(step) >= end ? 1 : Math.max(0, (step - start) / (end - start));

/** Options of {@link linearRate}. */
export interface LinearRateOptions {
  readonly from: number;
  readonly to?: number;
  readonly start?: number;
  readonly end: number;
}
const knownOfLinearRate = optionsOf<LinearRateOptions>("linearRate", {
  from: "required",
  to: "optional",
  start: "optional",
  end: "required",
});
/** `from` until step `start`, then linearly to `to` at step `end`, and `to` from there. */
export function linearRate(options: LinearRateOptions): Schedule {
  const { from, to = 0, start = 0, end } = knownOfLinearRate(options);
  needNumbers("linearRate", { from, to }, { start, end });
  if (end < start)
    throw new Error(
      `linearRate: end must not be before start, got ${end} and ${start}; swap them, or raise end`,
    );
  return (step) => from + (to - from) * progress(step, start, end);
}

/** Options of {@link cosineRate}. */
export type CosineRateOptions = Omit<LinearRateOptions, "start">;
const knownOfCosineRate = optionsOf<CosineRateOptions>("cosineRate", {
  from: "required",
  to: "optional",
  end: "required",
});
/** Half a cosine from `from` at step 0 to `to` at step `end`. */
export function cosineRate(options: CosineRateOptions): Schedule {
  const { from, to = 0, end } = knownOfCosineRate(options);
  needNumbers("cosineRate", { from, to }, { end });
  return (step) => to + ((from - to) * (1 + Math.cos(Math.PI * progress(step, 0, end)))) / 2;
}

/** Options of {@link exponentialRate}. */
export interface ExponentialRateOptions {
  readonly from: number;
  readonly decay: number;
  /** Steps that one `decay` takes (default 1). */
  readonly every?: number;
}
const knownOfExponentialRate = optionsOf<ExponentialRateOptions>("exponentialRate", {
  from: "required",
  decay: "required",
  every: "optional",
});
/** `from` times `decay` for every step, or for every `every` steps without jumps between: from decay^(step / every). */
export function exponentialRate(options: ExponentialRateOptions): Schedule {
  const { from, decay, every = 1 } = knownOfExponentialRate(options);
  needNumbers("exponentialRate", { from, decay, every });
  return (step) => from * decay ** (step / every);
}

/** One value until each step of the list, another from there: `stepRate(0.9, [[100, 0.5]])`. */
export const stepRate = (
  first: number,
  changes: readonly (readonly [step: number, value: number])[],
): Schedule => {
  const list: unknown = changes;
  if (!Array.isArray(list) || !list.every((change) => Array.isArray(change)))
    throw new Error(
      `stepRate: changes must be a list of [step, value], got ${described(list)}; write stepRate(0.9, [[100, 0.5]])`,
    );
  needNumbers("stepRate", { first });
  for (const [i, [at, value]] of changes.entries()) {
    needNumbers("stepRate", { value }, { step: at });
    if (i > 0 && at <= changes[i - 1][0])
      throw new Error(
        `stepRate: steps must ascend, got ${at} after ${changes[i - 1][0]}; sort them`,
      );
  }
  return (step) => changes.findLast(([at]) => stepOf(step) >= at)?.[1] ?? first;
};

/** `schedule` with its first `steps` values growing linearly from 0. */
export const warmUp = (schedule: Schedule, steps: number): Schedule => {
  if (typeof schedule !== "function")
    throw new Error(
      `warmUp: expected a schedule, got ${described(schedule)}; write e.g. warmUp(constantRate(1e-3), 100)`,
    );
  needNumbers("warmUp", {}, { steps });
  return (step) => schedule(step) * (steps === 0 ? 1 : Math.min(1, (stepOf(step) + 1) / steps));
};

/** Rates that are finite numbers, and steps that are at least 0 too. */
function needNumbers(
  where: string,
  rates: Readonly<Record<string, number>>,
  steps: Readonly<Record<string, number>> = {},
): void {
  for (const [name, x] of Object.entries({ ...rates, ...steps }))
    if (!Number.isFinite(x) || (name in steps && x < 0))
      throw new Error(
        `${where}: ${name} must be a finite number${name in steps ? ", at least 0" : ""}, got ${described(x)}; check what it is computed from`,
      );
}

/** A step at which a rate is asked for. */
function stepOf(step: number): number {
  if (step >= 0) return step;
  throw new Error(
    `schedule: the step must be a number, at least 0, got ${described(step)}; count steps from 0`,
  );
}
