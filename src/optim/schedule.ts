/** Rates over time: functions of the step, whose values are fed to the graph. */

/** The rate at a step, from 0. */
export type Schedule = (step: number) => number;

/** The same rate at every step. */
export const constantRate =
  (value: number): Schedule =>
  () =>
    value;

/** 0 until `start`, 1 from `end`, also where the two are one. */
const progress = (step: number, start: number, end: number): number =>
  step >= end ? 1 : Math.max(0, (step - start) / (end - start));

/** `from` until step `start`, then linearly to `to` at step `end`, and `to` from there. */
export const linearRate =
  ({
    from,
    to = 0,
    start = 0,
    end,
  }: {
    readonly from: number;
    readonly to?: number;
    readonly start?: number;
    readonly end: number;
  }): Schedule =>
  (step) =>
    from + (to - from) * progress(step, start, end);

/** Half a cosine from `from` at step 0 to `to` at step `end`. */
export const cosineRate =
  ({
    from,
    to = 0,
    end,
  }: {
    readonly from: number;
    readonly to?: number;
    readonly end: number;
  }): Schedule =>
  (step) =>
    to + ((from - to) * (1 + Math.cos(Math.PI * progress(step, 0, end)))) / 2;

/** `from` times `decay` for every step, or for every `every` steps without jumps between: from decay^(step / every). */
export const exponentialRate =
  ({
    from,
    decay,
    every = 1,
  }: {
    readonly from: number;
    readonly decay: number;
    readonly every?: number;
  }): Schedule =>
  (step) =>
    from * decay ** (step / every);

/** One value until each step of the list, another from there: `stepRate(0.9, [[100, 0.5]])`. */
export const stepRate =
  (first: number, changes: readonly (readonly [step: number, value: number])[]): Schedule =>
  (step) =>
    changes.findLast(([at]) => step >= at)?.[1] ?? first;

/** `schedule` with its first `steps` values growing linearly from 0. */
export const warmUp =
  (schedule: Schedule, steps: number): Schedule =>
  (step) =>
    schedule(step) * Math.min(1, (step + 1) / steps);
