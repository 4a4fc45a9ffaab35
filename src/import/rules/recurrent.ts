import type { Rules } from "../call.ts";

export const recurrent: Rules = {};
