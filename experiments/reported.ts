/** What the paper says it measured, to set beside what is measured here; never mixed with it. */
import type { Arm } from "./results.ts";

export interface Reported {
  /** The setting that the figures are of. */
  readonly of: string;
  /** Test error in percent. */
  readonly testError: Readonly<Partial<Record<Arm, number>>>;
}

export const reported: Readonly<Record<string, Reported>> = {
  cifar10: {
    of: "Salimans & Kingma 2016, table 1: 96 and 192 feature maps, 200 epochs",
    testError: {
      plain: 8.43,
      weight: 8.46,
      "mean-only": 8.52,
      batch: 8.05,
      "weight+mean-only": 7.31,
    },
  },
};
