/** Every op that loops can compute, against the graph's own kernels, to the last bit. */
import { expect, describe, test } from "vitest";
import {
  less,
  parameter,
  sizeOf,
  type Node,
  type OpName,
  type Parameter,
} from "../../src/graph/index.ts";
import { lanes } from "../../src/pass/lanes.ts";
import { tensor, type ProgramSpec, type State, type Tensor } from "../../src/runtime/program.ts";
import { cases, type Case } from "../conformance/cases.ts";
import { builds, differences, left, ran } from "./both.ts";

const byLanes = (Object.keys(lanes) as OpName[]).filter((op) => lanes[op] !== null);
const byRows: readonly OpName[] = ["scaled", "sum", "norm", "reshape", "broadcastTo"];

const zeros = (name: string, { shape }: Pick<Node, "shape">): Parameter =>
  parameter(name, shape, { init: { kind: "constant", value: 0 } });

/** A case whose inputs are parameters and whose value is an update; bools come from comparing. */
function asUpdate(c: Case): { readonly spec: ProgramSpec; readonly state: State } | undefined {
  const isKnown = c.inputs.every((x) => x.dtype === "float" || x.dtype === "bool");
  if (!isKnown || c.inputs.length === 0) return undefined;
  const parameters = c.inputs.map((x, i) => zeros(`x${i}`, x));
  const values = parameters.map((p, i) => (c.inputs[i].dtype === "bool" ? less(0, p) : p));
  const y = c.build(...values);
  if (y.dtype !== "float" || sizeOf(y.shape) === 0) return undefined;
  const target = zeros("y", y);
  const state = new Map(
    c.inputs.map((x, i) => [`x${i}`, tensor(Float32Array.from(x.data), x.shape)]),
  );
  return {
    spec: { updates: [{ parameter: target, next: y }] },
    state: state.set("y", tensor(new Float32Array(sizeOf(y.shape)), y.shape)),
  };
}

/** What float32 has at its ends, in every lane and beside them. */
const odd = [
  0,
  -0,
  1,
  -1,
  0.5,
  -2.5,
  3e38,
  -3e38,
  1e-38,
  -1e-45,
  Infinity,
  -Infinity,
  NaN,
  2 ** 25,
];
const special = (c: Case): Case => ({
  ...c,
  name: `${c.name}, of odd numbers`,
  inputs: c.inputs.map((x, k): Tensor => {
    const data = Float32Array.from(
      { length: sizeOf(x.shape) },
      (_, i) => odd[(i + 5 * k) % odd.length],
    );
    return x.dtype === "float" ? tensor(data, x.shape) : x;
  }),
});

describe.each(builds)("%s", (_, runtimeOf) => {
  test.each([...byLanes, ...byRows])("%s has the graph's bits", async (op) => {
    const all = [...cases[op], ...cases[op].map(special)].flatMap((c) => {
      const made = asUpdate(c);
      return made ? [{ ...c, ...made }] : [];
    });
    let inPlace = 0;
    for (const { name, spec, state } of all) {
      if (left(spec).length > 0) continue; // broadcasts other than of rows
      inPlace++;
      const [graph, loops] = [
        await ran(runtimeOf(false), spec, { steps: [{}], state }),
        await ran(runtimeOf(true), spec, { steps: [{}], state }),
      ];
      expect(differences(graph, loops), name).toEqual([]);
    }
    const isOfFloats = all.length > 0;
    expect(inPlace > 0).toBe(isOfFloats);
  });
});
