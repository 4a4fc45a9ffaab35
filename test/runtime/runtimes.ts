/** Every runtime that there is, for what must hold on all of them. */
import { nodeRuntime } from "../../src/runtime/node.ts";
import type { Runtime } from "../../src/runtime/program.ts";
import { reference } from "../../src/runtime/reference.ts";
import { webRuntime } from "../../src/runtime/web.ts";

export const runtimes: readonly (readonly [string, Runtime])[] = [
  ["reference", reference],
  ["node", nodeRuntime({ threads: 1 })],
  ["node, plain layout", nodeRuntime({ threads: 1, blocked: false })],
  ["web", webRuntime()],
];
