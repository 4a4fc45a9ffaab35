/** What one experiment that trains on minibatches has that another has not. */
import type {
  Arm,
  Input,
  Key,
  Network,
  Node,
  Norm,
  Optimizer,
  Runtime,
  Schedule,
  State,
  Tensor,
} from "../../src/index.ts";
import type {
  Experiment,
  Exhibits,
  NamedFile,
  Picture,
  PictureSize,
  Predictions,
  Raster,
  World,
} from "../experiment.ts";
import type { Looks } from "../looks.ts";
import type { Facts, Measure, Sheet } from "../records.ts";
import type { Settings } from "../settings.ts";
import type { MinibatchConfig, Preset } from "./config.ts";

/** Examples as a network takes them. */
export interface DataSet {
  readonly count: number;
  /** The inputs of a program on `size` examples. */
  inputs(size: number): readonly Input[];
  /** Their values for the examples `rows`. */
  feeds(rows: Uint32Array): Record<string, Tensor>;
  /** The same with what is random about examples that are trained on, e.g. which of them are mirrored: a function of the key alone. */
  varied?(rows: Uint32Array, key: Key): Record<string, Tensor>;
  /** Of pictures of classes, how they look. */
  readonly pictured?: Pictured;
}
/** How examples look that are pictures of classes, and how other pictures become examples. */
export interface Pictured {
  /** What other pictures are brought to. */
  readonly size: PictureSize;
  /** Whether they are light on dark then. */
  readonly inverted: boolean;
  readonly classes: readonly string[];
  /** Which class an example is of. */
  label(row: number): number;
  /** An example as people see it. */
  picture(row: number): Raster;
  /** Other pictures as values of the first input; where there is no such way they are not guessed. */
  values?(pictures: readonly Raster[]): Float32Array;
}
/** What is trained on, and what is tested on. */
export interface TaskData {
  readonly train: DataSet;
  readonly test: DataSet;
  /** Where it came from, for logs and reports. */
  readonly source: string;
}

/** An experiment that trains on minibatches, as {@link experimentOf} takes it. */
export interface Task {
  readonly name: string;
  /** Half a line for the list of experiments. */
  readonly about: string;
  /** What examples are called (default: "images"). */
  readonly unit?: string;
  /** Where data may lie: `dataDir`, as a rule. */
  readonly places: Settings;
  /** What files of the user's own its places take. */
  readonly takes?: Experiment["takes"];
  /** What data leave to be chosen before anything can begin. */
  readonly toChoose?: Experiment["toChoose"];
  /** Settings by name; the first is the default. */
  readonly presets: Readonly<Record<string, Preset>>;
  /** What the network takes beside its inputs. */
  readonly options: Settings;
  /** Settings beside those of everything that trains on minibatches, or instead of them. */
  readonly settings?: Settings;
  /** Outputs of the network, each [batch], that it is judged by; the first ranks the arms. */
  readonly measures: readonly Measure[];
  /** The arms that are compared unless others are asked for (default: all). */
  readonly arms?: readonly Arm[];
  /** Command lines for the help, without the program's name. */
  readonly examples?: readonly string[];
  /** What a browser's tab begins with, where that is less than the default. */
  readonly tab?: Partial<MinibatchConfig>;
  /**
   * Where the data say what the task is: the whole task, and the configuration with all that they decided. A configuration that
   * has it already decides instead of the data, which must be the same.
   */
  decide?(
    config: MinibatchConfig,
    world: World,
  ): Promise<{ readonly task: Task; readonly config: MinibatchConfig }>;
  /** Both sets, from where the user's places say. */
  load(world: World): Promise<TaskData>;
  /** The inputs are those of its data. */
  network(inputs: readonly Input[], config: MinibatchConfig): Network;
  /** Numbers that change from step to step, each an input of the training step: `lr` and what else there is. */
  rates(
    config: MinibatchConfig,
    lr: number,
  ): Readonly<Record<string, Schedule>> & { readonly lr: Schedule };
  /** What changes the parameters, of the rates at a step. */
  optimizer(config: MinibatchConfig, rates: Readonly<Record<string, Node>>): Optimizer;
  /** How an arm normalizes here, where it is not as everywhere. */
  norm?(arm: Arm): Norm;
  /** `as drawn`: no data-dependent initialization, weights start as they were drawn (default: data-dependent, unless a run asks for the other). */
  readonly initialization?: "data-dependent" | "as drawn";
  /** What is measured once, and shown, of a model that was trained. */
  readonly show?: (trained: TrainedModel) => Promise<Exhibits>;
  /** What may be looked at of an arm's models while they train; states are evaluated ones. */
  readonly looks?: (asked: Looked) => Looks;
  /** New examples of a model that was trained. */
  readonly sample?: (
    trained: Omit<TrainedModel, "data">,
    options: { readonly count: number; readonly key: Tensor },
  ) => Promise<readonly Picture[]>;
  /** What a model that was trained says of examples in files. */
  readonly predict?: (
    trained: Omit<TrainedModel, "data">,
    options: { readonly files: readonly NamedFile[]; readonly world: World },
  ) => Promise<Predictions>;
  /** The network as it answers, for a file of its own; its data have decided `config`. */
  readonly answering?: (config: MinibatchConfig, world: World) => Promise<Answering>;
  /** What to do about a loss that is no number (default: "lower --lr"). */
  readonly advice?: string;
  /** What else there is to say of the data. */
  readonly facts?: Facts;
  /** What others reported, to set beside what is measured here. */
  readonly reported?: Sheet["reported"];
}

/** A network as it answers examples, without labels and loss. */
export interface Answering {
  /** The examples, so many of them. */
  input(size: number): Input;
  /** Its output `answer` is [size, outputs]. */
  network(x: Input): Network;
  /** What somebody needs to know to ask it. */
  readonly metadata: Readonly<Record<string, string>>;
  /** From names of parameters to those of the weights in the file that they came from. */
  readonly original?: ReadonlyMap<string, string>;
}

/** What models of an arm share that are looked at while they train. */
export type Looked = Omit<TrainedModel, "state" | "onProgress" | "seed">;

/** A model that was trained, ready to be looked at. */
export interface TrainedModel {
  readonly config: MinibatchConfig;
  readonly arm: Arm;
  readonly norm: Norm;
  readonly seed: number;
  /** Its parameters, or their moving averages. */
  readonly state: State;
  readonly data: TaskData;
  readonly runtime: Runtime;
  /** From 0 to 1. */
  readonly onProgress: (done: number) => void;
}
