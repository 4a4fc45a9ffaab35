/** Every layer in every arm, and every op, as a file: of one size, and of any. */
import { describe, expect, test } from "vitest";
import { input, parametersOf, type Node } from "../../src/graph/index.ts";
import { exportModel, largestDifference } from "../../src/export/index.ts";
import { arms, trace, type Arm } from "../../src/nn/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { initialState, tensor, type Tensor } from "../../src/runtime/program.ts";
import { ints, some } from "../conformance/case.ts";
import { cases, composed, derived, type Case } from "../conformance/cases.ts";
import { kindNames, kinds } from "../nn/kinds.ts";

const runtime = nodeRuntime({ threads: 1 });

describe.each(Object.keys(arms) as Arm[])("arm %s", (arm) => {
  test.each(kindNames)("%s", async (name) => {
    const { x, dtype = "float", layer } = kinds[name];
    const [, ...shape] = x;
    const outputs = (size: number): { readonly y: Node } => ({
      y: trace((scope) => layer(scope, input("x", [size, ...shape], dtype)), {
        ...{ mode: "eval", norm: arms[arm] },
      }).value,
    });
    const state = initialState(parametersOf([outputs(2).y]), 1);
    for (const [key, value] of state)
      state.set(
        key,
        tensor(
          Float32Array.from(value.data, (v) => v + 0.1),
          value.shape,
        ),
      );
    const file = exportModel(outputs, state);
    for (const size of [1, 3]) {
      const dims = [size, ...shape];
      const feeds = { x: dtype === "float" ? some(dims) : ints(dims, { from: 0, to: 3 }) };
      const options = { runtime, feeds, state };
      for (const bytes of [file, exportModel(outputs(size), state)]) {
        const found = (await largestDifference(bytes, outputs(size), options)).get("y")!;
        expect(found.difference).toBeLessThan(1e-5 * Math.max(1, found.largest));
      }
    }
  });
});

const every: readonly (readonly [string, Case])[] = [
  ...Object.entries(cases).flatMap(([op, list]) =>
    list.map((c) => [`${op} ${c.name}`, c] as const),
  ),
  ...[...composed, ...derived].map((c) => [c.name, c] as const),
];
const isEmpty = ({ data }: Tensor): boolean => data.length === 0;
test("every op as a file", async () => {
  const wrong: string[] = [];
  for (const [name, c] of every) {
    if (c.inputs.some(isEmpty)) continue;
    const nodes = c.inputs.map((x, i) => input(`x${i}`, x.shape, x.dtype));
    const y = c.build(...nodes);
    const feeds = Object.fromEntries(c.inputs.map((x, i) => [`x${i}`, x]));
    const state = initialState(parametersOf([y]), 1);
    try {
      const bytes = exportModel({ y }, state);
      const found = (await largestDifference(bytes, { y }, { runtime, feeds, state })).get("y")!;
      if (!(found.difference <= 1e-5 * found.largest)) wrong.push(`${name}: ${found.difference}`);
    } catch (error) {
      wrong.push(`${name}: ${(error as Error).message}`);
    }
  }
  expect(wrong).toEqual([]);
}, 120_000);
