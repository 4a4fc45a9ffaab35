/** What the paper says it measured, to set beside what is measured here; never mixed with it. */
import type { Arm } from "./results.ts";

export interface Reported {
  /** The setting that the figures are of. */
  readonly of: string;
  /** The first measure on the test set, in its unit. */
  readonly test: Readonly<Partial<Record<Arm, number>>>;
}

export const reported: Readonly<Record<string, Reported>> = {
  cifar10: {
    of: "Salimans & Kingma 2016, table 1: 96 and 192 feature maps, 200 epochs",
    test: {
      plain: 8.43,
      weight: 8.46,
      "mean-only": 8.52,
      batch: 8.05,
      "weight+mean-only": 7.31,
    },
  },
};
