import type { Rules } from "../call.ts";

export const reduce: Rules = {};
