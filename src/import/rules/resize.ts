import type { Rules } from "../call.ts";

export const resize: Rules = {};
