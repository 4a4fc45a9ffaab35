/** What an experiment of one's own is made of: `weightnorm/runs`. See examples/own-experiment.ts. */
export { experimentOf } from "./minibatch/experiment.ts";
export { optimizerOf, scheduleOf, type MinibatchConfig, type Preset } from "./minibatch/config.ts";
export type { DataSet, Task, TaskData, TrainedModel } from "./minibatch/task.ts";
export type {
  Config,
  Contestant,
  Exhibits,
  Experiment,
  Field,
  Picture,
  Raster,
  World,
} from "./experiment.ts";
export { Diverged, UsageError } from "./experiment.ts";
export type { Event, Happening, RunEvent, RunKey, Values } from "./events.ts";
export { ARMS, type Measure, type Results, type Sheet } from "./records.ts";
export {
  choice,
  group,
  list,
  number,
  onOff,
  place,
  positive,
  whole,
  type Setting,
  type Settings,
} from "./settings.ts";
export { compare, type CompareOptions } from "./compare.ts";
export type { RunConfig, Store } from "./store.ts";
