import type { Rules } from "../call.ts";

export const shape: Rules = {};
