/** What an experiment of one's own is made of: `weightnorm/runs`. See examples/own-experiment.ts. */
export { experimentOf } from "./minibatch/experiment.ts";
export { optimizerOf, scheduleOf, type MinibatchConfig, type Preset } from "./minibatch/config.ts";
export type {
  Answering,
  DataSet,
  Looked,
  Pictured,
  Task,
  TaskData,
  TrainedModel,
} from "./minibatch/task.ts";
export type { Game, Guesses, Latents, Looks, Mistake } from "./looks.ts";
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
// What the types above are made of.
export type {
  Changed,
  Exhibited,
  Finished,
  Initialized,
  Lost,
  Measured,
  Opened,
  Point,
  Stepped,
  Timing,
} from "./events.ts";
export type {
  Attachments,
  Diagnosed,
  Kept,
  Played,
  Places,
  SampleOptions,
  Saved,
  Trained,
} from "./experiment.ts";
export type {
  ArmRecord,
  ChangeRecord,
  LostRun,
  RunRecord,
  Told,
  TriedRate,
  TriedSeed,
} from "./records.ts";
export type {
  Axis,
  Column as TableColumn,
  Facts,
  Machine,
  Panel,
  PictureFile,
  Quantity,
  RankRecord,
} from "./sheet.ts";
export type { Encoded } from "./compare.ts";
export type { Exported, NamedFile, PictureSize, Predictions, Takes } from "./experiment.ts";
export type { Signal } from "./race.ts";
export type { Crew, Numbers, Ranks, Vote } from "./ranks.ts";
export type * from "./diagnosis/record.ts";
