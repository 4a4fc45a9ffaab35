/** Names that optimizers keep state under are no layer's. */
import { expect, test } from "vitest";
import type { Shape } from "../../src/graph/index.ts";
import { arms, dense, type Layer } from "../../src/nn/index.ts";
import { networkOf } from "./network.ts";

const namesOf = (layer: Layer, x: Shape): string[] =>
  networkOf({ x, layer }, arms.plain).traces.train.parameters.map((p) => p.attrs.name);

test("a name that optimizers keep state under is refused, but for parts of layers", () => {
  const named = (name: string) => () => namesOf(dense(2, { name }), [2, 2]);
  expect(named("best")).toThrowErrorMatchingInlineSnapshot(
    `[Error: scope: "best" is a name that training keeps its own state under, got it as the name of a layer; call the layer something else]`,
  );
  expect(named("lion.fc")).toThrowErrorMatchingInlineSnapshot(
    `[Error: scope: "lion" is a name that an optimizer keeps its own state under, got it as the name of a layer; call the layer something else]`,
  );
  const own: Layer = (scope, x) => {
    scope.parameter("average", [1], { init: { kind: "constant", value: 0 } });
    return x;
  };
  expect(() => namesOf(own, [2, 2])).toThrowErrorMatchingInlineSnapshot(
    `[Error: scope: "average" is a name that training keeps its own state under, got it as the name of a parameter; call the parameter something else]`,
  );
  expect(named("adam1")()).toEqual(["adam1.w", "adam1.b"]);
  const inner: Layer = (scope, x) => dense(2, { name: "best" })(scope.child("net", "net"), x);
  expect(namesOf(inner, [2, 2])).toEqual(["net.best.w", "net.best.b"]);
});
