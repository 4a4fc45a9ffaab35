/** The cases of the conformance suite, differentiated: what every runtime computes alike must have the right gradient too. */
import { describe, expect, test } from "vitest";
import { input, type Input, type Node } from "../../src/graph/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { tensor } from "../../src/runtime/program.ts";
import { cases, composed, derived, type Case } from "../conformance/cases.ts";

/** No kinks (zeros, ties) and nothing so large that a difference of 1e-6 is lost in it. */
const smoothAt = ({ inputs }: Case): boolean =>
  inputs
    .filter((x) => x.dtype === "float")
    .every(({ data }) => {
      const values = Array.from(data, Math.abs);
      return new Set(data).size === data.length && values.every((v) => v > 1e-4 && v < 50);
    });
/** These round to a type without derivatives and say so in their own table; a pooling's gradient is not differentiated. */
const without = ["cast", "sign", "leakyStep", "stopGradient", "maxPool2dGrad"];

interface Check {
  readonly title: string;
  readonly y: Node;
  readonly c: Case;
  readonly targets: readonly Input[];
}
const named = [
  ...Object.entries(cases).flatMap(([op, list]) => list.map((c) => [op, c] as const)),
  ...[...composed, ...derived].map((c) => ["composed", c] as const),
];
const checks = named
  .filter(([op, c]) => !without.includes(op) && c.name !== "beside its pooling" && smoothAt(c))
  .map(([op, c]): Check => {
    const inputs = c.inputs.map((x, i) => input(`x${i}`, x.shape, x.dtype));
    const targets = inputs.filter((x) => x.dtype === "float");
    return { title: `${op} ${c.name}`, y: c.build(...inputs), c, targets };
  })
  .filter(({ y, targets }) => y.dtype === "float" && targets.length > 0);

describe("gradients of the conformance cases", () => {
  test.each(checks.map((check) => [check.title, check] as const))("%s", (_, { y, c, targets }) => {
    const feeds = Object.fromEntries(
      c.inputs.map((x, i) => [
        `x${i}`,
        x.dtype === "float" ? tensor(Float64Array.from(x.data), x.shape) : x,
      ]),
    );
    gradcheck(y, { feeds, targets });
  });
  test("are not filtered away", () => expect(checks.length).toBeGreaterThan(200));
});
