/** Weights that several calls of a layer share. */
import { describe, expect, test } from "vitest";
import { concat, mul, tanh } from "../../src/graph/index.ts";
import {
  apply,
  arms,
  dense,
  layerNorm,
  prelu,
  recurrent,
  residual,
  sequential,
  shared,
  type Layer,
} from "../../src/nn/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { reference } from "../../src/runtime/reference.ts";
import { anyState, armNames, momentsOf, near, networkOf, valueOf } from "./network.ts";

const twice = (layer: Layer): Layer => {
  const same = shared(layer);
  return sequential(same, apply(tanh), same);
};
const namesOf = (layer: Layer, arm: (typeof armNames)[number] = "plain"): string[] =>
  networkOf({ x: [6, 4], layer }, arms[arm]).parameters.map((p) => p.attrs.name);

describe("shared", () => {
  test("a layer has one set of parameters, and others count on as if it were one", () => {
    expect(namesOf(sequential(dense(4), twice(dense(4)), dense(2))).sort()).toEqual([
      "dense1.b",
      "dense1.w",
      "dense2.b",
      "dense2.w",
      "dense3.b",
      "dense3.w",
    ]);
  });

  test("is the same function as two layers of equal weights", () => {
    const state = anyState(networkOf({ x: [6, 4], layer: dense(4) }, arms.plain));
    const [w, b] = [state.get("dense1.w")!, state.get("dense1.b")!];
    const apart = sequential(dense(4), apply(tanh), dense(4));
    near(
      valueOf({ x: [6, 4], layer: twice(dense(4)) }, state),
      valueOf({ x: [6, 4], layer: apart }, new Map([...state, ["dense2.w", w], ["dense2.b", b]])),
    );
  });

  test("whatever the layer is made of, in whatever scope it is called", () => {
    const block = sequential(dense(4), layerNorm(), prelu(), residual([dense(4)]));
    const same = shared(block);
    const layer = sequential(same, residual([same]), dense(1));
    expect(namesOf(layer).sort()).toEqual(namesOf(sequential(block, dense(1))).sort());
  });

  test("recurrent layers too", () => {
    const layer = shared(recurrent(3, { cell: "gru", resetAfter: true }));
    const x = [4, 2, 3];
    const once = networkOf({ x, layer }, arms.weight).parameters;
    const again = networkOf({ x, layer: sequential(layer, layer) }, arms.weight).parameters;
    expect(again.map((p) => p.attrs.name)).toEqual(once.map((p) => p.attrs.name));
  });

  describe.each(armNames)("%s", (arm) => {
    const network = networkOf({ x: [12, 4], layer: twice(dense(4)) }, arms[arm]);
    test("gradients of both calls are added up", () => {
      for (const mode of ["train", "eval"] as const)
        gradcheck(network.traces[mode].value, { feeds: network.feeds, state: anyState(network) });
    });
    test("the first call initializes it, once", async () => {
      const set = network.traces.init.updates.map((u) => u.parameter.attrs.name);
      expect(new Set(set).size).toBe(set.length);
      const { state } = await network.initialized(reference);
      const values = await network.run(reference, network.traces.eval.preactivations, state);
      expect(Object.keys(values)).toEqual(["dense1", "dense1#2"]);
      for (const { mean, std } of momentsOf(values.dense1)) {
        expect(mean).toBeCloseTo(0, 8);
        expect(std).toBeCloseTo(1, 2);
      }
      // What the second call is at initialization is what it is when trained.
      const outputs = { init: network.traces.init.value, train: network.traces.train.value };
      const fresh = await network.run(reference, { y: outputs.init }, network.fresh());
      const trained = await network.run(reference, { y: outputs.train }, state);
      near(trained.y.data, fresh.y.data);
    });
    test("every call has running averages of its own", () => {
      const kept = network.parameters.filter((p) => !p.attrs.trainable).map((p) => p.attrs.name);
      const averages =
        arm === "batch" ? ["mean", "variance"] : arm.endsWith("mean-only") ? ["mean"] : [];
      expect(kept.sort()).toEqual(
        averages.flatMap((name) => [`dense1.${name}`, `dense1.${name}2`]).sort(),
      );
      const updated = network.traces.train.updates.map((u) => u.parameter.attrs.name);
      expect(updated.sort()).toEqual(kept);
    });
  });

  test("two layers shared apart are apart, and two uses of one network too", () => {
    const layer = dense(4);
    expect(namesOf(sequential(shared(layer), shared(layer)))).toHaveLength(4);
    const same = shared(layer);
    expect(namesOf(same)).toEqual(namesOf(same));
  });

  test("what a layer of one's own updates is updated once", () => {
    const counting: Layer = (scope, x) => {
      const p = scope.parameter("calls", [], {
        init: { kind: "constant", value: 0 },
        trainable: false,
      });
      scope.update(p, mul(p, 2));
      return x;
    };
    const { updates } = networkOf({ x: [2, 4], layer: twice(counting) }, arms.plain).traces.train;
    expect(updates).toHaveLength(1);
  });

  test("needs one width", () => {
    const same = shared(dense(3));
    const both: Layer = (scope, x) => concat([same(scope, x), same(scope, concat([x, x], 1))], 1);
    expect(() =>
      networkOf({ x: [2, 4], layer: both }, arms.weight),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: shared: the weight "w" of dense1 is [3,4], got a call that needs [3,8]; give every call an x of one width]`,
    );
    const norm = shared(layerNorm());
    const norms: Layer = (scope, x) => concat([norm(scope, x), norm(scope, concat([x, x], 1))], 1);
    expect(() =>
      networkOf({ x: [2, 4], layer: norms }, arms.plain),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: scope: the shared parameter "layerNorm1.gamma" is [4], got a call that needs [8]; give every call an x of one width]`,
    );
  });
});
