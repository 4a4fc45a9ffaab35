/** What a figure shows of each unit that was diagnosed. */
import type { LayerDiagnosis, UnitDiagnosis } from "../runs/records.ts";

/** Gradients with respect to w, or to v. */
export type Place = "w" | "v";

export interface Quantity {
  readonly title: string;
  readonly unit: string;
  readonly of: readonly Place[];
  /** Null where it could not be measured. */
  value(unit: UnitDiagnosis, place: Place): number | null;
  /** What chance alone would give. */
  chance(layer: LayerDiagnosis): number | null;
}

export const QUANTITIES: readonly Quantity[] = [
  {
    ...{ title: "Condition", unit: "largest / median eigenvalue", of: ["w", "v"] },
    value: (unit, place) => unit[place]?.overMedian ?? null,
    chance: ({ noise }) => noise.w.overMedian,
  },
  {
    ...{ title: "Distance from m I", unit: "|C \u2212 m I| / |m I|", of: ["w", "v"] },
    value: (unit, place) => unit[place]?.corrected ?? null,
    chance: ({ noise }) => noise.w.distance,
  },
  {
    ...{ title: "Alignment of w", unit: "|cos(w, top eigenvector)|", of: ["w"] },
    value: ({ alignment }) => alignment?.cosine ?? null,
    chance: ({ fanIn }) => 1 / Math.sqrt(fanIn),
  },
];
