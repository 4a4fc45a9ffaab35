import type { Rules } from "../call.ts";

export const control: Rules = {};
