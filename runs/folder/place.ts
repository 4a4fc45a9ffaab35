/** A folder as the place of one training: new, or going on where it was stopped or killed. */
import { checkSame } from "../fit/same.ts";
import type { OpenStore } from "../fit/options.ts";
import type { Find } from "../run-config.ts";
import { isBegun } from "./config.ts";
import { createRun, resumeRun } from "./index.ts";

/** Where `fit` keeps its checkpoints and its log; a training of other options that is there is an error. */
export const runFolder =
  (dir: string): OpenStore =>
  async ({ experiment, run }) => {
    const find: Find = (name) => Promise.resolve(name === experiment.name ? experiment : undefined);
    if (!isBegun(dir)) return createRun(dir, run, find);
    const { store } = await resumeRun(dir, find, ({ run: before }) => {
      checkSame(run.config, { ...before.config });
      return before;
    });
    return store;
  };
