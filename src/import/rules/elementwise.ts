import type { Rules } from "../call.ts";

export const elementwise: Rules = {};
