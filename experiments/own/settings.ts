/** What may be set of every run on data of the user's own. */
import { RESCHEDULED, type MinibatchConfig, type Preset } from "../../runs/minibatch/config.ts";
import { number, positive, whole, type Settings } from "../../runs/settings.ts";
import type { Split } from "../../runs/split.ts";

export interface OwnConfig extends MinibatchConfig {
  /** The share of all examples that is held out to test on. */
  readonly testShare: number;
  /** The seed that the examples are parted by (default: the first of the run's). */
  readonly splitSeed?: number;
}

/** What runs of tables and of pictures start from; Infinity is for the data to decide. */
export const ownPreset: Preset & Pick<OwnConfig, "testShare"> = {
  epochs: Infinity,
  batchSize: Infinity,
  lr: [0.003],
  optimizer: "adam",
  heldOut: 0.1,
  testShare: 0.2,
  target: 0.05,
  oddBatch: true,
  keepBest: true,
  network: { width: Infinity },
};

export const ownSettings = (unit: string): Settings => ({
  epochs: whole(`passes over the training ${unit} (default: as fits their number)`, {
    ...{ most: 100_000, example: "30", length: true },
    changes: RESCHEDULED,
  }),
  batchSize: whole(`${unit} a step (default: as fits their number)`, { example: "32", unit }),
  patience: whole("end a run after n epochs without a better test (default: never)", {
    ...{ optional: true, example: "20", unit: "epochs" },
  }),
  testShare: number(`share of the ${unit} that is held out to test on`, {
    ...{ flag: "held-out", least: 0.01, most: 0.9, example: "0.2" },
  }),
  splitSeed: whole("the seed by which they are drawn (default: the first --seed)", {
    ...{ least: 0, optional: true, example: "1" },
  }),
  // Its flag is the column's, and the time to a goal is for comparisons that have one.
  target: positive("the test measure that the table gives the time to", { flag: false }),
});

/** How the examples of a new run are parted. */
export const newSplit = ({ seeds, splitSeed = seeds[0], testShare }: OwnConfig): Split => ({
  seed: splitSeed,
  share: testShare,
});
