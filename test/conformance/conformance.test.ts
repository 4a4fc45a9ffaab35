/** Every op on every runtime, against the reference interpreter. */
import { describe, expect, test } from "vitest";
import { topological } from "../../src/graph/index.ts";
import { PASSES } from "../../src/onnx/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import type { Runtime } from "../../src/runtime/program.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import { blockedCases } from "./blocked.ts";
import { cases, composed } from "./cases.ts";
import { whole } from "../whole.ts";
import { agree, agreeOnConvolutions, byOp, conforms, inputsOf } from "./conforms.ts";

const runtimes: readonly (readonly [string, Runtime])[] = [
  ["node", nodeRuntime({ threads: 1 })],
  ["node, plain layout", nodeRuntime({ threads: 1, blocked: false })],
  ["web", webRuntime()],
];

test.each(byOp)("the cases of %s use it", (op, list) => {
  expect(list).not.toEqual([]);
  for (const c of list) {
    const ops = topological([c.build(...inputsOf(c))]).map((n) => n.op);
    expect(ops, c.name).toContain(op);
  }
});

/** Another third of the cases without each pass; all of them with WHOLE=1 npx vitest run test/conformance. */
const PART = whole ? 1 : 3;
describe.each(PASSES)("without the pass %s", (pass) => {
  const runtime = nodeRuntime({ threads: 1, without: [pass] });
  const of = [...blockedCases, ...composed];
  const some = of.filter((_, i) => (i + PASSES.indexOf(pass)) % PART === 0);
  const concerned = [...some, ...cases.leakyStep, ...cases.conv2dWeight];
  test.each(concerned.map((c) => [c.name, c] as const))("%s", (_name, c) => agree(runtime, c));
  test("convolutions of any geometry, and their gradients", () => agreeOnConvolutions(runtime));
});

for (const [name, runtime] of runtimes) conforms(name, runtime);
