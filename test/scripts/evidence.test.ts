/** Tables of README files: what is made of records, and where it stands. */
import { describe, expect, test } from "vitest";
import {
  looseChances,
  looseNumbers,
  unmarkedTables,
  withTables,
} from "../../scripts/evidence/readme.ts";
import * as tables from "../../scripts/evidence/table.ts";
import type { Table } from "../../scripts/evidence/table.ts";
import type { Results } from "../../runs/records.ts";
import { sampleAgents, sampleResults } from "../report/sample.ts";

const FILE = "results.json";
const textOf = (table: Table, results: Results): string =>
  `\n${tables.tableText(
    table,
    () => results,
    () => ({ n: 7 }),
  )}\n`;
const results = sampleResults({
  ...{ epochs: 2, pointsAnEpoch: 2, layers: ["dense"] },
  last: { plain: [0.04, 0.05, 0.06], weight: [0.03, 0.045, 0.054], batch: [0.02] },
});
const error = tables.test("error", "test error %");

describe("a table of arms", () => {
  test("has means and deviations over the seeds, of one seed the value", () => {
    const columns = [error, tables.seeds, tables.rate, tables.reported("step time", "step time")];
    expect(textOf({ kind: "arms", from: FILE, columns }, results)).toMatchInlineSnapshot(`
      "
      | arm      | test error % | seeds | learning rate | step time |
      | -------- | ------------ | ----- | ------------- | --------- |
      | \`plain\`  | 5.00 ± 1.00  | 3     | 0.001         | 1.00×     |
      | \`weight\` | 4.30 ± 1.21  | 3     | 0.001         | 1.06×     |
      | \`batch\`  | 2.00         | 1     | 0.001         | 1.37×     |
      "
    `);
  });
  test("has what was measured after an epoch, once, or in training; nothing where a run lacks it", () => {
    const [plain] = results.arms.plain!.runs;
    const measured = { "-log p(x)": 88.406 };
    const one: Results = {
      ...results,
      arms: { plain: { ...results.arms.plain!, runs: [{ ...plain, final: measured }] } },
    };
    const columns = [
      tables.test("error", "after 1", { at: 1 }),
      tables.test("error", "after 5", { at: 5 }),
      tables.train("loss", "loss", { at: 2, digits: 4 }),
      tables.final("-log p(x)", "-log p(x), |v|", 2),
    ];
    const [, , , row] = textOf({ kind: "arms", from: FILE, columns }, one).split("\n");
    const { test: tested } = plain.tests[0];
    const { train: trained } = plain.tests[1];
    expect(row.split("|").map((cell) => cell.trim())).toEqual([
      ...["", "`plain`", (100 * tested["error"]!).toFixed(2), "\u2013"],
      ...[trained!["loss"]!.toFixed(4), "88.41", ""],
    ]);
  });
  test("has a row of those who learn nothing, and columns of several files", () => {
    const agents = sampleAgents({ plain: [3, 4], weight: [5, 6] });
    const columns = ["a", "b"].map((from) => ({ ...tables.test("return", from), from }));
    const table: Table = { kind: "arms", from: "a", columns, baseline: true, corner: "points" };
    expect(textOf(table, agents)).toMatchInlineSnapshot(`
      "
      | points      | a           | b           |
      | ----------- | ----------- | ----------- |
      | \`plain\`     | 3.50 ± 0.71 | 3.50 ± 0.71 |
      | \`weight\`    | 5.50 ± 0.71 | 5.50 ± 0.71 |
      | random play | 0.50        | 0.50        |
      "
    `);
    expect(tables.sourcesOf(table)).toEqual(["a", "b"]);
  });
});

test("a table of pairs has differences seed by seed with the p value of their t test", () => {
  const pairs = [
    ["weight", "plain"],
    ["batch", "plain"],
    ["batch", "mean-only"],
  ] as const;
  expect(textOf({ kind: "pairs", from: FILE, pairs, columns: [error] }, results))
    .toMatchInlineSnapshot(`
    "
    | pair                  | test error %                |
    | --------------------- | --------------------------- |
    | \`weight\` - \`plain\`    | -0.70 ± 0.26 (n 3, p 0.044) |
    | \`batch\` - \`plain\`     | -2.00 (n 1)                 |
    | \`batch\` - \`mean-only\` | –                           |
    "
  `);
});

test("a table of lengths has a layer's |v| and g from before the first step on", () => {
  const [run] = results.arms.weight!.runs;
  const stats = { layer: "dense", v: 2, g: 0.5, effectiveStep: 1 };
  const one: Results = {
    ...results,
    arms: { weight: { ...results.arms.weight!, runs: [{ ...run, start: [stats] }] } },
  };
  const g = [0, 1, 7].map((at) => ({ head: `g after ${at}`, arm: "weight", of: "g", at }) as const);
  const columns = [
    ...g,
    { head: "|v| at the end", arm: "weight", of: "v" },
    { head: "of none", arm: "plain", of: "v" },
  ] as const;
  const [, , , row] = textOf({ kind: "lengths", from: FILE, columns }, one).split("\n");
  const first = run.points.find(({ at }) => at === 1)!.layers[0].g.toFixed(2);
  const last = run.points.at(-1)!.layers[0].v.toFixed(2);
  expect(row.split("|").map((cell) => cell.trim())).toEqual([
    ...["", "`dense`", "0.50", first, "\u2013", last, "\u2013", ""],
  ]);
});

test("a table of rates says what each came to, and where an arm diverged", () => {
  const swept: Results = {
    ...results,
    arms: {
      plain: {
        ...results.arms.plain!,
        grid: [
          { lr: 0.01, heldOut: 0.05 },
          {
            ...{ lr: 0.001, heldOut: 0.03 },
            bySeed: [0.02, 0.04].map((heldOut, seed) => ({
              ...{ seed, heldOut, test: heldOut / 2, growth: 1 + seed },
            })),
          },
          { lr: 0.1, heldOut: null, bySeed: [{ seed: 2, heldOut: 0.5, test: 0.9 }] },
          { lr: 1, heldOut: null, bySeed: [] },
        ],
      },
    },
    lost: [
      { arm: "plain", seed: 1, lr: 0.1, step: 3, why: "the loss is NaN" },
      { arm: "plain", seed: 1, lr: 1, step: 2, why: "the loss is NaN" },
      { arm: "plain", seed: 2, lr: 1, step: 1, why: "the loss is NaN" },
    ],
  };
  expect(textOf({ kind: "rates", from: FILE, of: "heldOut" }, swept)).toMatchInlineSnapshot(`
    "
    | arm     | 0.001       | 0.01 | 0.1                    | 1                      |
    | ------- | ----------- | ---- | ---------------------- | ---------------------- |
    | \`plain\` | 3.00 ± 1.41 | 5.00 | 50.00, 1 of 2 diverged | diverged, steps 1 to 2 |
    "
  `);
  expect(textOf({ kind: "rates", from: FILE, of: "test" }, swept)).toContain("1.50 ± 0.71");
  const growth = textOf({ kind: "rates", from: FILE, of: "growth" }, swept);
  expect(growth).toContain(
    "| `plain` | 1.50 ± 0.71 | –    | 1 of 2 diverged | diverged, steps 1 to 2 |",
  );
});

test("a table of rates has the rows that it is told, of other records too", () => {
  const swept = (heldOut: number): Results => ({
    ...results,
    arms: { plain: { ...results.arms.plain!, grid: [{ lr: heldOut, heldOut }] } },
  });
  const records: Readonly<Record<string, Results>> = {
    [FILE]: swept(0.04),
    "other.json": swept(0.05),
  };
  const other = { arm: "plain", from: "other.json", called: "other" } as const;
  const subjects = [other, "weight", "plain"] as const;
  const table: Table = { kind: "rates", from: FILE, of: "heldOut", subjects };
  expect(tables.tableText(table, (path) => records[path], String)).toMatchInlineSnapshot(`
    "| arm      | 0.04 | 0.05 |
    | -------- | ---- | ---- |
    | other    | –    | 5.00 |
    | \`weight\` | –    | –    |
    | \`plain\`  | 4.00 | –    |"
  `);
  expect(tables.sourcesOf(table)).toEqual([FILE, "other.json"]);
});

test("a table of another file has what is told of it", () => {
  const rows = (file: unknown): string[][] => [[String((file as { readonly n: number }).n)]];
  expect(textOf({ kind: "other", from: FILE, head: ["n"], rows }, results)).toContain("| 7   |");
});

describe("marks", () => {
  const table: Table = { kind: "arms", from: FILE, columns: [error] };
  const options = { where: "README.md", text: () => "| new |" };
  const old = "a\n\n<!-- table x -->\n\n| old |\n\n<!-- end of table x -->\n\nb\n";

  test("are what tables are put between, as often as one likes", () => {
    const once = withTables(old, { x: table }, options);
    expect(once).toBe(
      `a\n\n<!-- table x: \`npm run -s evidence\` makes it of ${FILE} -->\n\n| new |\n\n<!-- end of table x -->\n\nb\n`,
    );
    expect(withTables(once, { x: table }, options)).toBe(once);
  });
  test.each([
    ["x without a definition", old, {}, 'got the name "x"; define it there'],
    [
      "y without marks",
      old,
      { x: table, y: table },
      "expected the marks of table y once, got them 0 times",
    ],
    ["x twice", old + old, { x: table }, "expected the marks of table x once, got them 2 times"],
    [
      "x without an end",
      old.replace("end of table x", ""),
      { x: table },
      "got 0 for 1; close them",
    ],
  ])("%s is said", (_, readme, defined, message) => {
    expect(() => withTables(readme, defined as Record<string, Table>, options)).toThrow(message);
  });
  test("are missed where a table of numbers has none", () => {
    const readme = `# A\n\n${old}\n\n## How it departs from the paper\n\n| set |\n| --- |\n\n## Results\n\n<!-- by hand: verdicts -->\n\n| ok |\n| --- |\n\n| bad |\n| --- |\n| 1 |\n`;
    expect(unmarkedTables(readme)).toEqual(["| bad |"]);
  });
});

test("numbers of prose that no table has are found, but for settings, code and versions", () => {
  const readme = `# 1.11, said in arXiv 1602.07868 and arXiv:1602.07868
## How it departs
0.05
## What it showed
| 1.23 | 4.56 |
From 1.23 to 4.57 (p 0.006), \`--lr 0.003\` of [this](results/7.89.json), some 2.5 (1.3 and 1.2, 2.5 times in 3.5 hours, 1.28 times, section 2.2) of 10,000.99 at PyTorch 1.13, onnxruntime 1.30.0.
\`\`\`
8.88
\`\`\`
`;
  expect(looseNumbers(readme, "| 1.23 ± 0.006 |")).toEqual([
    "1.11",
    "4.57",
    "2.5",
    "1.3",
    "1.28",
    "10,000.99",
  ]);
  expect(looseNumbers("# Last\n0.25\n## How it departs\n0.26", "0.2")).toEqual(["0.25"]);
  expect(looseNumbers("1.2, 10,001.0 and 1.1", "1.15 and 10,000.99")).toEqual([]);
  expect(looseNumbers("1.2 and 1.3", "1.15 and 1.24")).toEqual(["1.3"]);
});

test("a p value belongs to the figure that it is said of", () => {
  const tables =
    "| +1.27 ± 0.58 (n 5, p 0.0082) | -1.39 ± 1.67 (n 5, p 0.14) | 11.50 (n 5, p < 0.001) |";
  const said = "ahead by 1.27 points (p 0.0082), by 11.50 after 30,000 (p < 0.001), at the end by ";
  expect(looseChances(`${said}1.39 (p 0.14)`, tables)).toEqual([]);
  expect(looseChances(`${said}1.39 (p 0.0082)`, tables)).toEqual(["1.39 (p 0.0082)"]);
  expect(looseChances("1.50 (p < 0.001)", tables)).toEqual(["1.50 (p < 0.001)"]); // not that of 11.50
});
