import type { Rules } from "../call.ts";

export const product: Rules = {};
