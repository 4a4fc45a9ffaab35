/** A model of somebody else's under a head of one's own, trained and asked in a call each, in every arm. */
import { expect, test } from "vitest";
import {
  arms,
  classifier,
  dense,
  exportModel,
  exportOnnx,
  fit,
  headOf,
  importModel,
  initialState,
  input,
  ops,
  parametersOf,
  predict,
  sequential,
  trace,
} from "../../index.ts";
import { nodeRuntime } from "../../src/node/index.ts";

const pixels = input("pixels", [1, 6]);
const { value: theirs } = trace(
  (scope) => {
    const hidden = ops.relu(dense(8, { name: "hidden" })(scope, pixels));
    return { scores: dense(5, { name: "scores" })(scope, hidden) };
  },
  { mode: "eval", norm: arms.plain },
);
const bytes = exportModel(theirs, initialState(parametersOf([theirs.scores]), 1));

const rows = Array.from({ length: 60 }, (_, i) =>
  Array.from({ length: 6 }, (_, j) => (i % 3) + 0.3 * Math.sin(7 * i + 3 * j)),
);
const classes = ["a", "b", "c"];

test.each(Object.entries(arms))("%s", async (_, norm) => {
  const body = importModel(bytes, { outputs: [headOf(bytes).at] });
  const network = classifier(sequential(body.layer, dense(3)));
  const data = { x: rows, y: rows.map((_, i) => classes[i % 3]) };
  const { model } = await fit({
    ...{ network, data, norm, runtime: nodeRuntime({ threads: 1 }) },
    ...{ epochs: 40, lr: 0.02 },
  });
  const { labels } = await predict(model, { x: rows.slice(0, 9) });
  expect(labels).toEqual([...classes, ...classes, ...classes]);
  expect(importModel(exportOnnx(model)).ports[0].shape[0]).toBe("batch");
});
