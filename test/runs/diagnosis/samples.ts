/** Samples of which it is known what a diagnosis must find in them. */
import type { Samples } from "../../../runs/diagnosis/vectors.ts";
import { initialState, parameter } from "../../../src/index.ts";

/** n normal samples with standard deviations `deviations`. */
export function normal(n: number, deviations: readonly number[], seed = 1): Samples {
  const d = deviations.length;
  const p = parameter("x", [n, d], { init: { kind: "normal", std: 1 } });
  const { data } = initialState([p], seed).get("x")!;
  return { rows: Float64Array.from(data, (x, i) => x * deviations[i % d]), d };
}
export const ones = (d: number): readonly number[] => Array.from({ length: d }, () => 1);

/** Every tenth sample is longer by a factor. */
export const heavy = ({ rows, d }: Samples, factor: number): Samples => ({
  rows: Float64Array.from(rows, (x, i) => (Math.floor(i / d) % 10 === 0 ? factor * x : x)),
  d,
});
