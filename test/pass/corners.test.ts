/** Steps that loops over rows fit badly: what cannot be cut stays in the graph, and nothing is lost. */
import { describe, expect, test } from "vitest";
import {
  add,
  constant,
  input,
  less,
  mul,
  parameter,
  reshape,
  scaled,
  select,
  sub,
  sum,
  type Node,
} from "../../src/graph/index.ts";
import { initialState, tensor, type ProgramSpec } from "../../src/runtime/program.ts";
import { some } from "../conformance/case.ts";
import { builds, differences, drawn, ran } from "./both.ts";

const x = input("x", [4, 2, 3]);
const [p, a, b] = [drawn("p", [4, 2, 3]), drawn("a", [4, 1, 1]), drawn("b", [4, 2, 1])];
const next = (value: Node): ProgramSpec => ({
  inputs: [x],
  outputs: { loss: sum(mul(x, p)) },
  updates: [
    { parameter: p, next: value },
    { parameter: a, next: mul(a, 0.5) },
  ],
});
const isSmall = less(p, 0.3);
const thirds = reshape(mul(reshape(add(p, a), [3, 8]), drawn("c", [3, 1])), [4, 2, 3]);

const specs: Readonly<Record<string, ProgramSpec>> = {
  "rows of two lengths": next(mul(add(p, a), b)),
  "rows of two lengths, and a gradient": next(sub(mul(add(p, a), b), x)),
  "rows of two lengths, scaled": next(scaled(p, a, b)),
  "sums of rows of two lengths": next(
    mul(mul(p, sum(p, { axes: [1, 2], keepDims: true })), sum(p, { axes: [2], keepDims: true })),
  ),
  "rows that do not divide each other": next(thirds),
  "a sum that leaves out a last axis of 1": {
    ...next(p),
    updates: [
      { parameter: drawn("s", [3, 1]), next: sum(mul(drawn("q", [3, 21, 1]), 3), { axes: 1 }) },
    ],
  },
  "a mask that the graph uses too": {
    ...next(select(isSmall, mul(p, 2), sub(p, x))),
    outputs: { loss: sum(select(isSmall, x, p)) },
  },
  "an input that is called as ours are": (() => {
    const h = input("hoisted:0", [4, 2, 3]);
    const loss = sum(mul(h, mul(p, mul(a, 3))));
    return { inputs: [h], outputs: { loss }, updates: [{ parameter: p, next: add(p, h) }] };
  })(),
  "a chain that is deeper than the call stack": next(
    Array.from({ length: 4000 }).reduce<Node>((y) => add(mul(y, 0.999), 0.001), p),
  ),
};

describe.each(builds)("%s", (_, runtimeOf) => {
  test.each(Object.entries(specs))("%s", async (_name, spec) => {
    const feed = (seed: number): Record<string, ReturnType<typeof some>> =>
      Object.fromEntries((spec.inputs ?? []).map((i) => [i.attrs.name, some(i.shape, { seed })]));
    const steps = [feed(1), feed(2)];
    const graph = await ran(runtimeOf(false), spec, { steps });
    const loops = await ran(runtimeOf(true), spec, { steps });
    expect(loops.outputs).toEqual(graph.outputs);
    expect(differences(graph, loops)).toEqual([]);
  });

  test("large constants are told apart", async () => {
    const runtime = runtimeOf(true);
    const q = drawn("q", [2, 100]);
    const t = parameter("t", [2], { init: { kind: "constant", value: 0 } });
    const state = initialState([q, t], 1);
    const values: number[] = [];
    for (const factor of [1, 1000]) {
      const by = constant(new Float32Array(200).fill(factor), [2, 100]);
      const program = await runtime.compile({
        updates: [{ parameter: t, next: sum(mul(q, by), { axes: 1 }) }],
      });
      await program.run({}, state);
      values.push(state.get("t")!.data[0]);
      await program.release();
    }
    expect(values[1] / values[0]).toBeCloseTo(1000, 1);
  });

  test("values that changed places are all there", async () => {
    const runtime = runtimeOf(true);
    const [u, v] = [drawn("u", [5]), drawn("v", [5])];
    const program = await runtime.compile({
      updates: [u, v].map((parameter) => ({ parameter, next: add(parameter, 1) })),
    });
    const state = new Map([
      ["u", tensor([0, 0, 0, 0, 0])],
      ["v", tensor([10, 10, 10, 10, 10])],
    ]);
    await program.run({}, state);
    const [first, second] = [state.get("u")!, state.get("v")!];
    state.set("u", second);
    state.set("v", first);
    await program.run({}, state);
    expect([state.get("u")!.data[0], state.get("v")!.data[0]]).toEqual([12, 2]);
    await program.release();
  });
});
