import type { Rules } from "../call.ts";

export const window: Rules = {};
