/** A folder as the place of one training: new, or going on where it was stopped or killed. */
import { canonical } from "../canonical.ts";
import type { OpenStore } from "../fit/options.ts";
import { isBegun, type Find } from "./config.ts";
import { createRun, resumeRun } from "./index.ts";

/** Where `fit` keeps its checkpoints and its log; a training of other options that is there is an error. */
export const runFolder =
  (dir: string): OpenStore =>
  async ({ experiment, run }) => {
    const find: Find = (name) => Promise.resolve(name === experiment.name ? experiment : undefined);
    if (!isBegun(dir)) return createRun(dir, run, find);
    const { store } = await resumeRun(dir, find, ({ run: before }) => {
      const [old, now] = [before.config, run.config].map((config) => ({ ...config }));
      const names = [
        ...new Set([...Object.keys(old), ...Object.keys(now)]),
      ] as (keyof typeof old)[];
      const other = names.filter((name) => canonical(old[name]) !== canonical(now[name]));
      if (other.length === 0) return before;
      const said = (config: typeof old): string =>
        other.map((name) => `${name} ${canonical(config[name])}`).join(", ");
      throw new Error(
        `${dir}: holds a training with ${said(old)}, got ${said(now)}; give fit the options that it began with, or another folder`,
      );
    });
    return store;
  };
