export { hasChannelsFirst, headOf, type Cut } from "./cut.ts";
export { importModel, type ImportedModel, type ImportedPort, type ImportOptions } from "./model.ts";
export type { TrainedOptions } from "./roles.ts";
export {
  describeModel,
  type DescribedLayer,
  type DescribedParameter,
  type DescribedPort,
  type DescribeOptions,
  type ModelDescription,
} from "./describe.ts";
export type { External } from "./tensors.ts";
