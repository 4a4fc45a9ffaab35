import type { Rules } from "../call.ts";

export const indexing: Rules = {};
