import type { Rules } from "../call.ts";

export const normalize: Rules = {};
