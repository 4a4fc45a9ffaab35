export {
  exportModel,
  exportParts,
  type ExportOptions,
  type ExportPartsOptions,
  type ModelParts,
  type ExportOutputs,
} from "./export-model.ts";
export { largestDifference, type Difference, type DifferenceOptions } from "./difference.ts";
