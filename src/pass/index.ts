export { splitOf, type Pass, type Split } from "./pass.ts";
export type { Address } from "./kernel.ts";
export type { Hoisted } from "./cut.ts";
export { rowFunctions, SUM_ORDERS, type SumOrder } from "./reductions.ts";
