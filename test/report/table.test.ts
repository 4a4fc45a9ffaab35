/** The table of results, for terminals and as data. */
import { describe, expect, test } from "vitest";
import { resultsTable, tableOf } from "../../report/index.ts";
import { ARMS, type Results } from "../../runs/records.ts";
import { sampleAgents, sampleResults } from "./sample.ts";

const lengthOf = (line: string): number => [...new Intl.Segmenter().segment(line)].length;
const ESCAPE = String.fromCharCode(27);
/** The arms whose cell of a column is bold. */
const boldIn = (results: Results, key: string): readonly string[] =>
  tableOf(results).rows.flatMap(({ arm, values }) => (values[key].best ? [arm] : []));

describe("in a terminal", () => {
  test("has one line an arm, with the deviation of the seeds", () => {
    expect(`\n${resultsTable(sampleResults())}\n`).toMatchInlineSnapshot(`
      "
      arm               test error %  train loss  epochs to plain's  images/s  step time  s to 1% error
      ─────────────────────────────────────────────────────────────────────────────────────────────────
      plain              1.34 ± 0.06     0.00274        3.95 ± 0.07    16,555      1.00×              –
      weight             1.08 ± 0.04     0.00203        3.35 ± 0.35    15,517      1.07×              –
      batch              0.97 ± 0.04     0.00159        2.80 ± 0.38    12,094      1.37×     17.3 ± 3.2
      mean-only          1.16 ± 0.03     0.00209        3.42 ± 0.45    14,270      1.16×              –
      weight+mean-only   0.95 ± 0.00     0.00168        2.78 ± 0.40    13,358      1.24×     15.7 ± 3.0
      mean ± standard deviation of 2 seeds
      "
    `);
  });

  test("fits 80 columns with everything that matters", () => {
    expect(`\n${resultsTable(sampleResults(), { width: 80 })}\n`).toMatchInlineSnapshot(`
      "
      arm               test error %  train loss  images/s  step time  s to 1% error
      ──────────────────────────────────────────────────────────────────────────────
      plain              1.34 ± 0.06     0.00274    16,555      1.00×              –
      weight             1.08 ± 0.04     0.00203    15,517      1.07×              –
      batch              0.97 ± 0.04     0.00159    12,094      1.37×     17.3 ± 3.2
      mean-only          1.16 ± 0.03     0.00209    14,270      1.16×              –
      weight+mean-only   0.95 ± 0.00     0.00168    13,358      1.24×     15.7 ± 3.0
      mean ± standard deviation of 2 seeds
      "
    `);
  });

  test("has a row for the baseline, and says what is unfinished", () => {
    const soFar = { at: 10_000, of: 300_000 };
    const results = { ...sampleAgents({ plain: [5, 6], weight: [7, 8] }), soFar };
    expect(`\n${resultsTable(results)}\n`).toMatchInlineSnapshot(`
      "
      arm          test return  steps an episode  training return            Q  frames/s  ms an update
      ────────────────────────────────────────────────────────────────────────────────────────────────
      plain        5.50 ± 0.71            60 ± 0      4.40 ± 0.57  7.00 ± 0.00   450 ± 0   1.10 ± 0.00
      weight       7.50 ± 0.71            60 ± 0      6.00 ± 0.57  7.00 ± 0.00   450 ± 0   1.10 ± 0.00
      random play         0.50                11                –            –         –             –
      unfinished: after 10,000 of 300,000 frames
      mean ± standard deviation of 2 seeds
      "
    `);
  });

  test("of one arm has no columns that compare", () => {
    const results = sampleResults({ arms: ["weight"], epochs: 1, seeds: 1 });
    expect(`\n${resultsTable(results)}\n`).toMatchInlineSnapshot(`
      "
      arm     test error %  train loss  images/s  s to 1% error
      ─────────────────────────────────────────────────────────
      weight          1.91      0.0106    15,612              –
      "
    `);
  });

  test("gives up columns before it gives up lines", () => {
    for (const width of [100, 90, 80, 70, 60, 50, 40, 30]) {
      const lines = resultsTable(sampleResults({ seeds: 1 }), { width }).split("\n");
      expect(lines).toHaveLength(2 + ARMS.length);
      expect(Math.max(...lines.map(lengthOf))).toBeLessThanOrEqual(width);
    }
  });

  test("is plain text unless asked for colours, and the same text with them", () => {
    const results = sampleResults({ last: { plain: [0.05], weight: [0.01], batch: [0.0101] } });
    const plain = resultsTable(results);
    const colored = resultsTable(results, { colors: true });
    const escapes = new RegExp(`${ESCAPE}\\[\\d+m`, "g");
    expect(plain).not.toMatch(escapes);
    expect(colored).toContain(`${ESCAPE}[1m1.00${ESCAPE}[22m`);
    expect(colored).toContain(`${ESCAPE}[1m1.01${ESCAPE}[22m`);
    expect(colored).not.toContain(`${ESCAPE}[1m5.00`);
    expect(colored.replace(escapes, "")).toBe(plain);
  });

  test("moves no cursor, whatever names say", () => {
    const agents = sampleAgents({ weight: [3] });
    const name = `${ESCAPE}[2Jrandom`;
    const results = {
      ...agents,
      sheet: { ...agents.sheet, baseline: { ...agents.sheet.baseline!, name } },
    };
    expect(resultsTable(results)).not.toContain(ESCAPE);
  });

  test("of runs that all diverged is its head, and says so", () => {
    const why = "train: the loss of plain must be a finite number, got NaN at step 2; lower --lr";
    const lost = [{ arm: "plain", seed: 1, lr: 10, step: 2, why }] as const;
    expect(resultsTable({ ...sampleResults({ arms: [] }), lost })).toMatch(
      /plain with seed 1 and learning rate 10 diverged after step 2$/,
    );
  });
});

describe("bold type", () => {
  test("is for the best and all within chance of it", () => {
    const last = { plain: [0.05], weight: [0.01], batch: [0.0101], "mean-only": [0.02] };
    expect(boldIn(sampleResults({ last }), "test error")).toEqual(["weight", "batch"]);
    const lead = { plain: [0.05, 0.051, 0.049], weight: [0.01, 0.011, 0.009] };
    expect(boldIn(sampleResults({ last: lead }), "test error")).toEqual(["weight"]);
  });

  test("is for nobody where all are within chance, or nothing tells", () => {
    expect(
      boldIn(sampleResults({ last: { plain: [0.0199], weight: [0.02] } }), "test error"),
    ).toEqual([]);
    // One seed does not tell how far chance moves losses and times.
    expect(boldIn(sampleResults({ seeds: 1 }), "train loss")).toEqual([]);
    expect(boldIn(sampleResults({ seeds: 1 }), "images a second")).toEqual([]);
    expect(boldIn(sampleResults({ seeds: 5 }), "images a second")).toEqual(["plain"]);
    expect(boldIn(sampleResults({ arms: ["weight"] }), "test error")).toEqual([]);
  });

  test("is for the highest where higher is better", () => {
    expect(
      boldIn(sampleAgents({ plain: [5, 5.1, 5.2], weight: [7, 7.1, 7.2] }), "test return"),
    ).toEqual(["weight"]);
  });
});

test("as data it has numbers, units and what is better", () => {
  const { columns, rows } = tableOf(sampleResults({ last: { plain: [0.05], weight: [0.01] } }));
  expect(columns[0]).toEqual({
    ...{ key: "test error", head: "test error %", unit: "%", better: "lower" },
  });
  expect(columns.map(({ key, unit }) => `${key}: ${unit}`)).toEqual([
    "test error: %",
    "train loss: ",
    "epochs to plain's loss: epochs",
    "images a second: images/s",
    "step time: \u00d7",
    "seconds to target: s",
  ]);
  expect(rows[1]).toMatchObject({
    ...{ arm: "weight", seeds: 1, lr: 0.001 },
    values: { "test error": { mean: 1, deviation: null, best: true } },
  });
});
