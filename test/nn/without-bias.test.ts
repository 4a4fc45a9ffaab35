/** `bias: false`: what is left of every arm, and how it is initialized. */
import { describe, expect, test } from "vitest";
import { flatten } from "../../src/graph/index.ts";
import {
  apply,
  arms,
  armsOf,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  dense,
  embedding,
  multiHeadAttention,
  recurrent,
  sequential,
} from "../../src/nn/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { reference } from "../../src/runtime/reference.ts";
import type { Kind } from "./kinds.ts";
import { anyState, armNames, momentsOf, near, networkOf } from "./network.ts";

const bias = false;
const kinds: Readonly<Record<string, Kind>> = {
  dense: { x: [12, 5], layer: dense(3, { bias }) },
  conv1d: { x: [5, 4, 7], layer: conv1d(6, { kernel: 3, bias }) },
  conv2d: { x: [4, 3, 5, 4], layer: conv2d(4, { kernel: 3, bias }) },
  convTranspose1d: { x: [4, 4, 5], layer: convTranspose1d(6, { kernel: 3, bias }) },
  convTranspose2d: { x: [4, 3, 3, 2], layer: convTranspose2d(2, { kernel: 3, bias }) },
  embedding: { x: [7, 2], dtype: "int32", layer: embedding(5, 3, { bias }) },
  attention: { x: [4, 3, 5], layer: multiHeadAttention(4, { heads: 2, bias }) },
  lstm: { x: [9, 3, 4], layer: recurrent(2, { bias }) },
  gru: { x: [9, 3, 4], layer: recurrent(2, { cell: "gru", bias }) },
  gruResetAfter: { x: [9, 3, 4], layer: recurrent(2, { cell: "gru", resetAfter: true, bias }) },
};
const names = Object.keys(kinds);

describe.each(armNames)("%s", (arm) => {
  test.each(names)("%s: nothing is added, and gradients are right", (name) => {
    const network = networkOf(kinds[name], arms[arm]);
    const all = network.parameters.map((p) => p.attrs.name);
    expect(all.filter((key) => /\b(b|bh|beta)$/.test(key))).toEqual([]);
    for (const mode of ["train", "eval"] as const)
      gradcheck(network.traces[mode].value, { feeds: network.feeds, state: anyState(network) });
  });

  test.each(names)(
    "%s: initialization scales, and removes means where the arm does",
    async (name) => {
      const network = networkOf(kinds[name], armsOf({ std: 1 })[arm]);
      const { state } = await network.initialized(reference);
      for (const mode of ["train", "eval"] as const) {
        const nodes = network.traces[mode].preactivations;
        const values = await network.run(reference, nodes, state);
        for (const [layer, t] of Object.entries(values))
          if (!layer.includes("#"))
            for (const unit of momentsOf(t)) {
              expect(unit.std).toBeCloseTo(1, 3);
              if (!["plain", "weight"].includes(arm)) expect(unit.mean).toBeCloseTo(0, 8);
            }
      }
    },
  );

  test("what is initialized is the function of plain weights", async () => {
    const layer = sequential(conv2d(3, { kernel: 2, bias }), apply(flatten), dense(2, { bias }));
    const values = async (norm: "plain" | typeof arm): Promise<ArrayLike<number>> => {
      const network = networkOf({ x: [6, 2, 3, 3], layer }, arms[norm]);
      const { state } = await network.initialized(reference);
      return (await network.run(reference, { y: network.traces.eval.value }, state)).y.data;
    };
    // Those with statistics have removed means, which the others cannot.
    const same = arm === "weight" || arm === "plain" ? "plain" : "mean-only";
    if (arm !== "batch") near(await values(arm), await values(same));
  });
});

test("what lasts in each arm", () => {
  const lasting = armNames.map((arm) => [
    arm,
    networkOf(kinds.dense, arms[arm])
      .parameters.map((p) => p.attrs.name)
      .join(", "),
  ]);
  expect(Object.fromEntries(lasting)).toMatchInlineSnapshot(`
    {
      "batch": "dense1.w, dense1.gamma, dense1.mean, dense1.variance",
      "mean-only": "dense1.w, dense1.mean",
      "plain": "dense1.w",
      "weight": "dense1.v, dense1.g",
      "weight+mean-only": "dense1.v, dense1.g, dense1.mean",
    }
  `);
});
