/** Larger suites run a fixed sample on every change, and all of it with WHOLE=1. */
export const whole: boolean = process.env["WHOLE"] !== undefined;

/** The first of every so many, or all. */
export const sampled = <T>(list: readonly T[], every: number): readonly T[] =>
  whole ? list : list.filter((_, i) => i % every === 0);
