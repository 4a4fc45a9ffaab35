/** Captions say what the run did, not what such runs do. */
import { describe, expect, test } from "vitest";
import { layerFigures } from "../../report/layers.ts";
import { reportOf } from "../../report/index.ts";
import type { Arm, Results } from "../../runs/records.ts";
import { sampleResults } from "./sample.ts";

const captions = async (results: Results): Promise<readonly string[]> =>
  (await layerFigures(results)).map(({ text }) => text);
const small = { epochs: 2, pointsAnEpoch: 4, seeds: 1, layers: ["conv1", "dense"] } as const;
/** The same with |v| going the other way in time. */
const shrinking = (results: Results): Results => ({
  ...results,
  arms: Object.fromEntries(
    Object.entries(results.arms).map(([arm, record]) => [
      arm,
      {
        ...record,
        runs: record.runs.map((run) => ({
          ...run,
          points: run.points.map((p, i) => ({
            ...p,
            layers: run.points[run.points.length - 1 - i].layers,
          })),
        })),
      },
    ]),
  ),
});

describe("|v|", () => {
  test("grew where it grew", async () => {
    const [v] = await captions(sampleResults({ ...small, arms: ["plain", "weight", "batch"] }));
    expect(v).toContain("here |v| grew by more than 2% in every layer of weight.");
    expect(v).toContain("Without weight normalization v is the weight itself.");
    expect(v).toContain("it did in every layer of batch.");
    expect(v).toMatch(
      /it was multiplied by [\d.]+ to [\d.]+ \(plain\), 1\.\d+ to 1\.\d+ \(weight\) and 1\.\d+ to 1\.\d+ \(batch\)\.$/,
    );
  });

  test("did not where it did not", async () => {
    const [v] = await captions(shrinking(sampleResults({ ...small, arms: ["weight"] })));
    expect(v).toContain("here |v| grew by more than 2% in none of the layers of weight.");
    expect(v).not.toContain("Without weight normalization");
    expect(v).not.toContain("Batch normalization");
  });
});

test("g is spoken of where it is one", async () => {
  const of = async (arms: readonly Arm[]): Promise<string> =>
    (await captions(sampleResults({ ...small, arms })))[1];
  expect(await of(["plain"])).not.toContain("multiplied");
  expect(await of(["weight"])).not.toContain("the same curve as |v|");
  expect(await of(["plain", "weight"])).toMatch(/the same curve as \|v\| above.*\(weight\)\.$/);
});

describe("the effective step", () => {
  test("is |v|'s alone under a constant learning rate", async () => {
    const [, , step] = await captions(sampleResults({ ...small, arms: ["plain", "weight"] }));
    expect(step).toMatch(
      /The learning rate ended where it began, so from the first point to the last \|v\| alone multiplied the step of the median layer by [\d.]+ \(plain\) and 0\.\d+ \(weight\)\.$/,
    );
  });

  test("falls with a learning rate that falls, and does not level off in words", async () => {
    const [, , step] = await captions(
      sampleResults({ ...small, arms: ["plain", "weight"], pointsAnEpoch: 100, fall: 0.001 }),
    );
    expect(step).toMatch(
      /The learning rate fell to 1\/[\d.,]+ of its first value, and all curves fall with it; \|v\| alone multiplied/,
    );
    expect(step).not.toContain("level off");
  });
});

test("tests are after training, training columns during it", async () => {
  const { html } = await reportOf(sampleResults({ ...small, layers: [] }));
  expect(html).toContain("Tests are the last ones (after 2 epochs), not the best ones");
  expect(html).toContain(
    "Training columns are means over the last epoch, while the parameters still changed.",
  );
  expect(html).toContain(
    "Training error is of the minibatches, a mean over the training before each point.",
  );
  expect(html).not.toContain("after the last epoch");
});

test("logarithms and seeds are spoken of where there are any", async () => {
  const { html } = await reportOf(sampleResults({ ...small, layers: [] }));
  expect(html).toContain("All vertical axes are logarithmic.");
  expect(html).not.toContain("Thick lines");
});
