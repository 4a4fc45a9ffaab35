import type { Rules } from "../call.ts";

export const loss: Rules = {};
