/** What became of the weights of a run, summed up over its layers: |v| grows until the rate fits (section 2.1 of the paper). */
import type { RunRecord, TriedSeed } from "./records.ts";

/** Nothing of what has no numbers of its layers, or of layers whose |v| is 0. */
export function grownOf(
  { start, points }: Pick<RunRecord, "start" | "points">,
  lr: number,
): Pick<TriedSeed, "growth" | "effectiveStep"> {
  const seen = points.filter(({ layers }) => layers.length > 0);
  const before = start ?? (seen.length > 1 ? seen[0].layers : []);
  const first = new Map(before.map(({ layer, v }) => [layer, v]));
  const last = seen.at(-1)?.layers ?? [];
  const both = last.flatMap(({ layer, v }) => {
    const from = first.get(layer) ?? 0;
    return from > 0 && v > 0 ? [{ from, v }] : [];
  });
  if (both.length === 0) return {};
  const [growth, effectiveStep] = [
    geometricMean(both.map(({ from, v }) => v / from)),
    geometricMean(both.map(({ v }) => lr / v ** 2)),
  ];
  return { ...within("growth", growth), ...within("effectiveStep", effectiveStep) };
}

const within = <K extends string>(name: K, x: number): Partial<Record<K, number>> =>
  (x > 1e-150 && x < 1e150 ? { [name]: x } : {}) as Partial<Record<K, number>>;

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, x) => sum + Math.log(x), 0) / values.length);
