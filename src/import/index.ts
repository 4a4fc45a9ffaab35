export { headOf, type Cut } from "./cut.ts";
export { importModel, type ImportedModel, type ImportedPort, type ImportOptions } from "./model.ts";
export type { TrainedOptions } from "./roles.ts";
