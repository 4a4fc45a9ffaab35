/** The report of a comparison, from its records: pure functions, the same in Node and in a browser. PNGs are Node's (png.ts). */
export { tableOf, type Table } from "./data.ts";
export { findingsOf, type Findings } from "./findings.ts";
export { inUnit, inUnitAlone, unitAfter } from "./measure.ts";
export { reportOf, type Report } from "./report.ts";
export { resultsTable, type TableOptions } from "./table.ts";
export { tableLines, textTable } from "./text-table.ts";
export { stepName } from "./words.ts";
