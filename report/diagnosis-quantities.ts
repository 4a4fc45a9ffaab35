/** What a figure shows of each unit that was diagnosed. */
import type { LayerDiagnosis, Noise, UnitDiagnosis } from "../runs/records.ts";
import { medianOf } from "./chance.ts";

/** Gradients with respect to w, or to v. */
export type Place = "w" | "v";

export interface Quantity {
  readonly title: string;
  readonly unit: string;
  readonly of: readonly Place[];
  /** Null where it could not be measured. */
  value(unit: UnitDiagnosis, place: Place): number | null;
  /** What chance alone would give: the median over the units of a layer, and over w and v; NaN where it cannot be told. */
  chance(layer: LayerDiagnosis): number;
}

/** The median of what chance makes of the units of a layer, in w and in v: they hardly differ. */
export const noiseIn =
  (of: (noise: Noise) => number | null) =>
  ({ chosen }: LayerDiagnosis): number =>
    medianOf(
      chosen.flatMap(({ noise: { w, v } }) => [w, v].flatMap((one) => (one && of(one)) ?? [])),
    );

export const QUANTITIES: readonly Quantity[] = [
  {
    ...{ title: "Condition", unit: "largest / median eigenvalue", of: ["w", "v"] },
    value: (unit, place) => unit[place]?.overMedian ?? null,
    chance: noiseIn((noise) => noise.overMedian),
  },
  {
    ...{ title: "Distance from m I", unit: "|C \u2212 m I| / |m I|", of: ["w", "v"] },
    value: (unit, place) => unit[place]?.corrected ?? null,
    chance: noiseIn((noise) => noise.corrected),
  },
  {
    ...{ title: "Alignment of w", unit: "|cos(w, top eigenvector)|", of: ["w"] },
    value: ({ alignment }) => alignment?.cosine ?? null,
    chance: ({ cosine }) => cosine,
  },
];
