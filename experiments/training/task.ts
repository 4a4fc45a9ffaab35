/** What one experiment that trains on minibatches has that another has not. */
import type {
  Arm,
  Input,
  Network,
  Node,
  Norm,
  Optimizer,
  Runtime,
  Schedule,
  State,
  Tensor,
} from "../../src/index.ts";
import type { Means, Measure } from "../results.ts";
import type { Config } from "./config.ts";

/** Examples as a network takes them. */
export interface DataSet {
  readonly count: number;
  /** The inputs of a program on `size` examples. */
  inputs(size: number): readonly Input[];
  /** Their values for the examples `rows`. */
  feeds(rows: Uint32Array): Record<string, Tensor>;
}
export interface TaskData {
  readonly train: DataSet;
  readonly test: DataSet;
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
  /** Where data comes from without --data-dir, and what that flag takes. */
  readonly dataHelp: string;
  /** Settings by name; the first is the default. */
  readonly presets: Readonly<Record<string, Preset>>;
  /** Outputs of the network, each [batch], that it is judged by; the first ranks the arms. */
  readonly measures: readonly Measure[];
  /** The arms that are compared unless others are asked for (default: all). */
  readonly arms?: readonly Arm[];
  load(options: LoadOptions): Promise<TaskData>;
  /** The inputs are those of its data. */
  network(inputs: readonly Input[], config: Config): Network;
  /** Numbers that change from step to step, each an input of the training step: `lr` and what else there is. */
  rates(config: Config, lr: number): Readonly<Record<string, Schedule>> & { readonly lr: Schedule };
  optimizer(config: Config, rates: Readonly<Record<string, Node>>): Optimizer;
  /** How an arm normalizes here, where it is not as everywhere. */
  norm?(arm: Arm): Norm;
  /** `as drawn`: no data-dependent initialization, weights start as they were drawn (default: data-dependent). */
  readonly initialization?: "data-dependent" | "as drawn";
  /** What is measured once, and shown, of a model that was trained. */
  readonly show?: (trained: Trained) => Promise<Exhibits>;
  /** New examples of a model that was trained: what `weightnorm sample` draws. */
  readonly sample?: (
    trained: Omit<Trained, "data">,
    options: SampleOptions,
  ) => Promise<readonly Picture[]>;
}

/** Everything but what only the user knows. */
export type Preset = Omit<Config, "arms" | "seeds" | "threads" | "trainSize" | "preset">;

/** A run that is over. */
export interface Trained {
  readonly config: Config;
  readonly arm: Arm;
  readonly norm: Norm;
  readonly seed: number;
  /** Its parameters, or their moving averages. */
  readonly state: State;
  readonly data: TaskData;
  readonly runtime: Runtime;
  readonly onProgress: (done: number) => void;
}

export interface SampleOptions {
  readonly count: number;
  /** A uint32 [2] key: another one, other samples. */
  readonly key: Tensor;
}

/** Pixels, row-major, channels last. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}
export interface Picture {
  readonly name: string;
  readonly caption: string;
  /** Several are an animation. */
  readonly frames: readonly Raster[];
}
export interface Exhibits {
  readonly measured: Means;
  readonly pictures: readonly Picture[];
}
