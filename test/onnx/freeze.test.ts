import { describe, expect, test } from "vitest";
import * as $ from "../../src/graph/index.ts";
import { input, parameter, print, topological } from "../../src/graph/index.ts";
import { freeze } from "../../src/onnx/index.ts";
import { tensor } from "../../src/runtime/program.ts";

const x = input("x", [4, 3, 6, 6]);

describe("freeze", () => {
  const w = parameter("w", [2], { init: { kind: "constant", value: 0 } });
  const y = $.add($.mul(input("x", [2]), w), $.exp(w));

  test("puts constants in the place of parameters", () => {
    const frozen = freeze({ y }, new Map([["w", tensor([3, 4])]]));
    expect(print(frozen)).toMatchInlineSnapshot(`
      "x = input  float [2]
      %0 = constant data=[3, 4]  float [2]
      %1 = mul x %0  float [2]
      %2 = exp %0  float [2]
      %3 = add %1 %2  float [2]
      return y = %3"
    `);
  });
  test("leaves nodes that rest on no parameter as they are", () => {
    const untouched = $.exp(x);
    expect(freeze({ untouched }, new Map()).untouched).toBe(untouched);
  });
  test("stores a parameter that is used twice once", () => {
    const again = parameter("w", [2], { init: { kind: "constant", value: 0 } });
    const frozen = freeze({ y: $.mul(w, again) }, new Map([["w", tensor([3, 4])]]));
    expect(topological([frozen.y]).filter((n) => n.op === "constant")).toHaveLength(1);
  });
  test("says what is missing or of another shape", () => {
    expect(() => freeze({ y }, new Map([["v", tensor([3, 4])]]))).toThrow(
      'freeze: "w" should be [2], got nothing under that name among v; pass the state of this network, folded if it has plain weights',
    );
    expect(() => freeze({ y }, new Map([["w", tensor([3, 4, 5])]]))).toThrow(
      'freeze: "w" should be [2], got [3]; pass the state',
    );
  });
});
