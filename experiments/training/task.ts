/** What one classification experiment has that another has not. */
import type { Input, Network, Node, Optimizer, Schedule } from "../../src/index.ts";
import type { Config } from "./config.ts";

/** Images as a network takes them, with labels. */
export interface LabelledImages {
  readonly count: number;
  /** [channels, height, width] */
  readonly shape: readonly number[];
  /** The images `rows`, one after the other. */
  pixels(rows: Uint32Array): Float32Array;
  labels(rows: Uint32Array): Int32Array;
}
export interface TaskData {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  /** Where it came from, for logs and reports. */
  readonly source: string;
}

export interface LoadOptions {
  readonly dataDir?: string;
  readonly threads?: number;
  /** Long work on the way, e.g. a download, with its share done. */
  readonly onProgress?: (what: string, done: number) => void;
}

export interface Task {
  readonly name: string;
  readonly title: string;
  /** Where data comes from without --data-dir, and what that flag takes. */
  readonly dataHelp: string;
  /** Settings by name; the first is the default. Those of an arm's own are in `perArm`. */
  readonly presets: Readonly<Record<string, Preset>>;
  load(options: LoadOptions): Promise<TaskData>;
  network(x: Input, labels: Input, config: Config): Network;
  /** Numbers that change from step to step, each an input of the training step: `lr` and what else there is. */
  rates(config: Config, lr: number): Readonly<Record<string, Schedule>> & { readonly lr: Schedule };
  optimizer(config: Config, rates: Readonly<Record<string, Node>>): Optimizer;
}

/** Everything but what only the user knows. */
export type Preset = Omit<Config, "arms" | "seeds" | "threads" | "trainSize" | "preset">;
