/** Training and asking, a call each. */
export { classifier, regressor, type Build, type Definition, type Names } from "./definition.ts";
export { fit, type Fitted } from "./fit.ts";
export type { FitOptions, OpenStore } from "./options.ts";
export { confusionMatrix, measure, predict, type Predictions } from "./predict.ts";
export type { Model } from "./model.ts";
export { releaseModel } from "./asking.ts";
export type { Column, Columns, Data, InputSpec, InputSpecs } from "./columns.ts";
export { memoryStore } from "../memory-store.ts";
export {
  decodeModel,
  encodeModel,
  exportOnnx,
  type LoadOptions,
  type OnnxOptions,
} from "./model-file.ts";
export { Diverged } from "../experiment.ts";
export { Interrupted } from "../race.ts";
export type { Event, RunEvent, RunKey, Shown } from "../events.ts";
export type { Measure } from "../sheet.ts";
export type { DataSet } from "../minibatch/task.ts";
export type { Store } from "../store.ts";
