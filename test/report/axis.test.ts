/** Where the ticks of an axis stand. */
import { expect, test } from "vitest";
import { logAxis } from "../../report/axis.ts";

const own = (values: readonly number[]): readonly string[] =>
  logAxis("rate", values, { own: true }).labels;

test("ticks of an axis with its own stand at the values, each once", () => {
  expect(own([0.004, 0.001, 0.002, 0.001])).toEqual(["0.001", "0.002", "0.004"]);
});
test("but round ones where values are too many, too near to each other, too long, or one", () => {
  const round = (values: readonly number[]): readonly string[] => logAxis("rate", values).labels;
  for (const values of [
    [1, 2, 4, 8, 16, 32, 64],
    [0.001, 0.0011, 1],
    [0.001, Math.sqrt(1e-5), 0.01],
    [0.3],
  ])
    expect(own(values)).toEqual(round(values));
});
