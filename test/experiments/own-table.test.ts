/** Tables of the user's own: what is found in them, what they become, and what is said of those that are none. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encoded, learned, statisticsOf } from "../../experiments/own/table/encode.ts";
import { readTable } from "../../experiments/own/table/csv.ts";
import { kindOf } from "../../experiments/own/table/columns.ts";
import {
  tableFound,
  type TableConfig,
  type TableFound,
} from "../../experiments/own/table/found.ts";
import { learnedFrom } from "../../experiments/own/table/learned.ts";
import { table } from "../../experiments/own/table/task.ts";
import { splitOf } from "../../runs/split.ts";
import { sized } from "../../experiments/own/sizes.ts";
import { trainedSize } from "../../runs/minibatch/config.ts";
import { failure, worldOf, type Spoken } from "./own-world.ts";

const asked = (flags: Partial<TableConfig>): ReturnType<typeof table.complete> =>
  table.complete(flags, {});

async function opened(
  text: string | Uint8Array,
  flags: Partial<TableConfig> = {},
): Promise<Pick<Spoken, "said"> & { readonly config: TableConfig }> {
  const { world, said } = worldOf("a.csv", text);
  const field = await table.open(asked({ column: "y", ...flags }), world);
  await field.release();
  return { config: field.config as TableConfig, said };
}

/** Twenty rows of a number and a class, with lines put in their place. */
const rows = (lines: Readonly<Record<number, string>> = {}, header = "x,y"): string =>
  [
    header,
    ...Array.from({ length: 20 }, (_, i) => lines[i + 2] ?? `${(i * 7) % 11},${i % 2 ? "a" : "b"}`),
  ].join("\n");

test("what its columns are", async () => {
  const line = (i: number): string =>
    [
      ...[
        i + 1,
        `2024-01-${10 + (i % 20)}`,
        `name ${i}`,
        (i * 7) % 13,
        i === 3 ? "" : (i * i) % 17,
      ],
      ...[
        ["red", "green", i === 5 ? "NA" : "blue"][i % 3],
        i % 3 ? "TRUE" : "false",
        "same",
        i % 2,
      ],
    ].join(",");
  const text = `id,day,name,whole,gaps,colour,truth,same,y\n${Array.from({ length: 40 }, (_, i) => line(i)).join("\n")}\n`;
  const { config, said } = await opened(text);
  const { columns, target } = config.found!;
  expect(columns.map(({ name, kind }) => [name, kind])).toEqual([
    ["whole", "number"],
    ["gaps", "number"],
    ["colour", "words"],
    ["truth", "truth"],
  ]);
  expect(columns[2]).toMatchObject({ categories: ["blue", "green", "red"] });
  expect(target).toEqual({ kind: "classification", name: "y", classes: ["0", "1"] });
  expect(said).toEqual([
    "a.csv:1: left out id (numbers of rows), day (dates), name (words that are all different), same (the same value everywhere)",
    "a.csv:5: 2 missing values (line 5 gaps, line 7 colour); numbers count as the mean, words as a category of their own",
  ]);
});

test("numbers of rows are told apart from what is learned from", async () => {
  const ids = Array.from({ length: 30 }, (_, i) => i + 1);
  const mixed = ids.map((i) => ((i * 7) % 31) + 100); // 101..130 in another order
  const text = (
    column: readonly (number | string)[],
    y = (i: number): string => (i < 15 ? "a" : "b"),
  ): string => ["id,x,y", ...column.map((id, i) => `${id},${(i * 5) % 11},${y(i)}`)].join("\n");
  const columnsOf = async (...of: Parameters<typeof text>): Promise<readonly string[]> =>
    (await opened(text(...of))).config.found!.columns.map(({ name }) => name);
  for (const column of [ids, mixed]) {
    expect(await columnsOf(column)).toEqual(["x"]);
    expect(await columnsOf(column, (i) => (i === 20 ? "" : i < 15 ? "a" : "b"))).toEqual(["x"]); // a row without a target
    expect(await columnsOf(column.map((id, i) => (i === 7 ? "" : id)))).toEqual(["x"]);
    const beyond = Math.max(...column) + 1; // as where a row was taken out
    expect(await columnsOf(column.map((id, i) => (i === 7 ? beyond : id)))).toEqual(["x"]);
    expect(await columnsOf(column.map((id) => 2 * id))).toEqual(["id", "x"]);
    expect(await columnsOf(column.map((id) => id + 0.5))).toEqual(["id", "x"]);
    expect(await columnsOf(column.map((id, i) => (i === 7 ? column[8] : id)))).toEqual(["id", "x"]);
  }
});

test("numbers are predicted as numbers, in the column's own unit", async () => {
  const text = `x,y\n${Array.from({ length: 50 }, (_, i) => `${i % 7},${(i * 37) % 101}.5`).join("\n")}`;
  const { world } = worldOf("a.csv", text);
  const field = await table.open(asked({ column: "y" }), world);
  const [measure] = field.sheet.measures;
  expect(measure).toMatchObject({ key: "absolute error", unit: "", scale: 1, better: "lower" });
  const { target } = (field.config as TableConfig).found!;
  expect(target.kind).toBe("regression");
  expect(field.config.target).toBeCloseTo(measure.chance! / 2, 1); // where the time to a goal is told
  await field.release();
  const few = await opened(rows({}, "y,x").replaceAll("a", "c"), { kind: "regression" });
  expect(few.config.found!.target.kind).toBe("regression"); // whole numbers, but asked for
});

test.each([
  ["semicolons and commas in numbers", "x;y\n1,5;a\n2,5;b\n3,5;a\n9,5;b\n", [1.5, 2.5, 3.5, 9.5]],
  ["tabs", "x\ty\n1\ta\n2\tb\n\t\n3\ta\n9\tb\n", [1, 2, 3, 9]],
  [
    "a byte order mark, CRLF and quotes",
    '\ufeff"x" , y\r\n"1",a\r\n2,"b"\r\n\r\n3, "a"\r\n9,b',
    [1, 2, 3, 9],
  ],
  [
    "thousands where fields are parted by commas",
    'x,y\n"1,234",a\n2,b\n"-123,456.5",a\n9,b',
    [1234, 2, -123456.5, 9],
  ],
  [
    "thousands where fields are parted by tabs",
    "x\ty\n1,234\ta\n2\tb\n3,456\ta\n9\tb\n",
    [1234, 2, 3456, 9],
  ],
  ["exponents and signs", "x,y\n-1e2,a\n+.5,b\n5.,a\n1E-1,b\n", [-100, 0.5, 5, 0.1]],
])("%s", async (_, text, values) => {
  const read = await readTable(new TextEncoder().encode(text), "a.csv");
  expect(read.header).toEqual(["x", "y"]);
  const kept = read.rows.filter(({ fields }) => fields[0] !== "");
  expect(kindOf({ ...read, rows: kept }, 0)).toEqual({ kind: "number" });
  const column = { kind: "number", name: "x", mean: 0, deviation: 1, gaps: false } as const;
  const x = encoded({ columns: [column], commas: read.commas }, read, kept);
  expect([...x]).toEqual([...Float32Array.from(values)]);
});

test("lines are those of an editor, whatever their ends and quotes", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = ["x,y", '1,"two', 'lines"', "", "3,4", "5,6"].join(end);
    const { rows: read } = await readTable(new TextEncoder().encode(text), "a.csv");
    expect(read.map(({ line }) => line)).toEqual([2, 5, 6]);
    expect(read[0].fields[1]).toBe("two\nlines");
  }
});

test("a row becomes what its columns say", () => {
  const number = learned({ name: "n", kind: "number" }, ["1", "3", "", "5"], false);
  expect(number).toEqual({ kind: "number", name: "n", ...statisticsOf([1, 3, 5]), gaps: true });
  expect(statisticsOf([1, 3, 5]).mean).toBeCloseTo(3, 12);
  expect(statisticsOf([1, 3, 5]).deviation).toBeCloseTo(Math.sqrt(8 / 3), 12);
  const words = learned({ name: "w", kind: "words" }, ["10", "9", "?"], false);
  expect(words).toEqual({ kind: "words", name: "w", categories: ["9", "10"], gaps: true });
  const truth = learned({ name: "t", kind: "truth" }, ["yes", "no"], false);
  const one = (...fields: readonly string[]): readonly number[] => [
    ...encoded({ columns: [number, words, truth], commas: false }, { header: ["n", "w", "t"] }, [
      { line: 2, fields },
    ]),
  ];
  const unit = Math.fround((5 - 3) / Math.sqrt(8 / 3));
  expect(one("5", "10", "YES")).toEqual([expect.closeTo(unit, 6), 0, 0, 1, 0, 1]);
  expect(one("", "", "")).toEqual([0, 1, 0, 0, 1, 0]);
  expect(one("3", "11", "maybe")).toEqual([expect.closeTo(0), 0, 0, 0, 0, 0]); // nothing that training knew
});

test("of every class its share is held out, and at least one", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 2, maxLength: 6 }),
      fc.integer({ min: 0, max: 99 }),
      fc.double({ min: 0.01, max: 0.9, noNaN: true }),
      (counts, seed, share) => {
        const labels = counts.flatMap((n, label) => Array.from({ length: n }, () => label));
        const { train, test: held } = splitOf(labels, { seed, share });
        expect([...train, ...held].toSorted((a, b) => a - b)).toEqual(labels.map((_, i) => i));
        for (const [label, n] of counts.entries()) {
          const own = held.filter((row) => labels[row] === label).length;
          expect(own).toBeGreaterThanOrEqual(1);
          expect(own).toBeLessThan(n);
          expect(Math.abs(own - share * n)).toBeLessThanOrEqual(1);
        }
        expect(splitOf(labels, { seed, share })).toEqual({ train, test: held });
      },
    ),
  );
});

test("batches are as large as one another, whatever there is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5000 }), (count) => {
      const sizes = { batch: [16, 128], steps: 500, epochs: [10, 60] } as const;
      const config = sized(asked({ column: "y" }), count, sizes);
      const { batchSize, epochs } = config;
      expect(batchSize).toBeLessThanOrEqual(Math.min(128, count));
      expect(batchSize).toBeGreaterThanOrEqual(Math.min(8, count));
      expect(epochs).toBeGreaterThanOrEqual(10);
      expect(trainedSize({ ...config, trainSize: count })).toBe(count);
      expect(count % batchSize).not.toBe(1); // of which there are no batch statistics
    }),
    { examples: [[41], [241]] },
  );
});

describe("what is no table is named, with its line:", () => {
  const binary = new Uint8Array([120, 44, 121, 10, 49, 44, 97, 10, 255, 254, 0]);
  test("", async () => {
    const cases: readonly (readonly [string, string | Uint8Array, Partial<TableConfig>?])[] = [
      ["nothing", ""],
      ["only a header", "x,y\n"],
      ["no header", "1,2\n3,4\n"],
      ["a name twice", "x,x,y\n1,2,a\n"],
      ["no such column", rows(), { column: "z" }],
      ["a slip", rows({}, "petal,species"), { column: "speceis" }],
      ["nothing asked for", rows(), { column: undefined as never }],
      ["nothing to leave out", rows(), { leaveOut: ["w"] }],
      ["too many fields", rows({ 7: "1,a,b" })],
      ["too few fields", rows({ 7: "1" })],
      ["an open quote", rows({ 7: '1,"a' })],
      ["text after a quote", rows({ 7: '"1"x,a' })],
      ["a quote within", rows({ 7: '1x"1",a' })],
      ["bytes", binary],
      ["a zero", "x,y\n1,a\n\0,b\n"],
      ["one value", rows().replaceAll("b", "a")],
      ["a lonely class", rows({ 9: "3,c" })],
      ["no target", "x,y\n1,\n2,NA\n3,?\n"],
      ["words as numbers", rows(), { kind: "regression" }],
      ["nothing to learn from", "id,y\n1,a\n2,b\n3,a\n4,b\n"],
      ["only a target", "y\na\nb\na\nb\n"],
      ["larger batches than rows", rows(), { batchSize: 17 }],
      [
        "a word among numbers",
        `x,y\n${Array.from({ length: 40 }, (_, i) => `${i === 30 ? "oops" : i * 1.5},${i % 2}`).join("\n")}`,
      ],
      ["a comma for a point", "x\ty\n1,5\ta\n1,234\tb\n2\ta\n3\tb\n"],
      ["the same in quotes", 'x,y\n"1,234",a\n2,b\n"2,25",a\n3,b\n'],
      [
        "too many classes",
        `x,y\n${Array.from({ length: 600 }, (_, i) => `${i % 9},c${i >> 1}`).join("\n")}`,
      ],
    ];
    const said = [];
    for (const [name, text, flags] of cases)
      said.push(`${name}: ${await failure(opened(text, flags))}`);
    expect(`\n${said.join("\n")}\n`).toMatchInlineSnapshot(`
      "
      nothing: a.csv:1: expected a header with the columns' names, got an empty file; check the file
      only a header: a.csv:1: expected rows under the header, got none; check the file
      no header: a.csv:1: expected a header with the columns' names, got numbers ("1, 2"); add a line of names
      a name twice: a.csv:1: expected every column's name once, got x twice; rename one of them
      no such column: asked wrongly: a.csv:1: expected a column called "z", got x, y; name one of them with --target
      a slip: asked wrongly: a.csv:1: expected a column called "speceis", got petal, species; name one of them with --target (did you mean species?)
      nothing asked for: asked wrongly: a.csv: expected the column to predict, got none; add --target with one of x, y
      nothing to leave out: asked wrongly: a.csv:1: expected a column called "w", got x, y; name one of them with --leave-out
      too many fields: a.csv:7: expected 2 fields as the header has, got 3; mend the row, e.g. with quotes around what holds a delimiter
      too few fields: a.csv:7: expected 2 fields as the header has, got 1; mend the row, e.g. with quotes around what holds a delimiter
      an open quote: a.csv:21: expected a quote that ends before the file does, got one that is left open; close it, or double the quotes within a field
      text after a quote: a.csv:7: expected a delimiter after a closing quote, got more text; double the quotes within a field
      a quote within: a.csv:7: expected quotes around a whole field, got one within it; write it twice and the field in quotes, "like ""this"""
      bytes: a.csv:3: expected text in UTF-8, got other bytes; save the table as CSV in UTF-8
      a zero: a.csv:3: expected text, got a zero byte; save the table as CSV in UTF-8
      one value: a.csv:2: expected different values in column y, got "a" in every row; name another column with --target
      a lonely class: a.csv:9: expected two rows or more of every class in column y, one of them to test on, got a single one of "c"; add rows of it or take this one out
      no target: a.csv:2: expected values in column y, got none in any row; name another column with --target
      words as numbers: asked wrongly: a.csv:2: expected a number in column y, got "b"; mend it or add --kind classification
      nothing to learn from: a.csv:1: expected a column to learn y from, got none but id (numbers of rows); add columns of numbers or of a few words
      only a target: a.csv:1: expected a column to learn y from, got no other column; add columns of numbers or of a few words
      larger batches than rows: asked wrongly: --batch-size: expected at most the 16 rows of an epoch, got 17; lower it or raise --train-size
      a word among numbers: a.csv:32: expected a number in column x, as nearly all rows have, got "oops"; mend it, or add --leave-out with the column
      a comma for a point: a.csv:2: expected a number in column x, got "1,5"; write a point for the comma, or part the fields with semicolons, in a table of which commas are points
      the same in quotes: a.csv:4: expected a number in column x, got "2,25"; write a point for the comma, or part the fields with semicolons, in a table of which commas are points
      too many classes: a.csv:2: expected at most 256 classes in column y, got 300; name another column with --target, or of numbers add --kind regression
      "
    `);
  });

  test("rows without a target, which are left out", async () => {
    const { said, config } = await opened(rows({ 5: "1,", 8: "2,NA" }));
    expect(said).toEqual([
      "a.csv:5: 2 rows without a value to predict (line 5 y, line 8 y); left out",
    ]);
    expect(config.found!.source.count).toBe(20);
  });
});

describe("what a table decided", () => {
  test("decides again, and other data are refused", async () => {
    const { config } = await opened(rows());
    const { world, said } = worldOf("a.csv", rows());
    const again = await table.open(config, world);
    await again.release();
    expect(again.config).toEqual(config);
    expect(said).toEqual([]);
    const other = worldOf("a.csv", `${rows()}\n5,a`).world;
    expect(await failure(table.open(config, other))).toMatch(
      /^asked wrongly: a\.csv: expected the data that the run began with \(20 examples, sha256 "[0-9a-f]{8}"\), got others \(21 examples, sha256 "[0-9a-f]{8}"\); put those back or start a new run$/,
    );
  });

  test("stays decided: a run goes on as it began, not as the same table would be read now", async () => {
    const text = rows({ 4: "?,a" }, "w,y")
      .replaceAll(/^(\d+)/gm, "$1,red")
      .replace("w,", "w,colour,")
      .replace("?", "?,blue");
    const read = await readTable(new TextEncoder().encode(text), "a.csv");
    const { found } = (await opened(text)).config;
    expect(found!.columns.map(({ name }) => name)).toEqual(["w", "colour"]);
    const [w] = found!.columns;
    const began: TableFound = {
      ...found!,
      columns: [{ ...w, mean: 100, deviation: 7 } as typeof w],
      target: { kind: "classification", name: "y", classes: ["c", "b", "a"] },
    };
    const wanted = { column: "y", leaveOut: [], split: began.split, source: began.source, began };
    const known = learnedFrom(read, wanted);
    expect(known.found).toBe(began);
    expect(known.leftOut).toEqual([["colour", "as the run began"]]);
    expect(known.parts).toEqual(learnedFrom(read, { ...wanted, began: found! }).parts);
    const { config } = await opened(text, { ...(await opened(text)).config, found: began });
    expect(config.found).toEqual(began);

    const refused: readonly Partial<TableFound>[] = [
      { columns: [{ kind: "truth", name: "z" }] },
      { target: { kind: "classification", name: "y", classes: ["a", "c"] } },
      { target: { kind: "regression", name: "y", mean: 0, deviation: 1 } },
      { target: { kind: "regression", name: "z", mean: 0, deviation: 1 } },
    ];
    const said = [];
    for (const part of refused)
      said.push(await failure(opened(text, { found: { ...began, ...part } })));
    expect(`\n${said.join("\n")}\n`).toMatchInlineSnapshot(`
      "
      a.csv:1: expected the columns that the run learned from, got none called z; add what is lacking
      a.csv:2: expected in column y what the run predicts, one of its classes of y, got "b"; mend the run's config.json or start a new run
      a.csv:2: expected in column y what the run predicts, a number of y, got "b"; mend the run's config.json or start a new run
      a.csv:2: expected in column y what the run predicts, a number of z, got "b"; mend the run's config.json or start a new run
      "
    `);
  });

  test("is refused where no table decides so", async () => {
    const { found } = (await opened(rows())).config;
    expect(tableFound.safeParse(found).success).toBe(true);
    const [column] = found!.columns;
    const words = { kind: "words", name: "w", gaps: false };
    const categories = Array.from({ length: 100 }, (_, i) => `c${i}`);
    const hostile: readonly Partial<Record<keyof TableFound, unknown>>[] = [
      { columns: [] },
      { columns: [column, column] },
      { columns: [{ ...column, deviation: 0 }] },
      { columns: [{ ...column, mean: Infinity }] },
      { columns: [{ ...column, kind: "toString" }] },
      { columns: [{ ...words, categories: ["a", "a"] }] },
      { columns: [{ ...words, categories: [...categories, "more"] }] },
      { columns: Array.from({ length: 51 }, (_, i) => ({ ...words, name: `w${i}`, categories })) },
      { columns: Array.from({ length: 1001 }, (_, i) => ({ kind: "truth", name: `t${i}` })) },
      { target: { kind: "classification", name: "y", classes: ["a"] } },
      { target: { kind: "classification", name: "x", classes: ["a", "b"] } },
      { split: { seed: -1, share: 0.2 } },
      { split: { seed: 1, share: 2 } },
      { source: { ...found!.source, sha256: "no" } },
      { more: 1 } as never,
    ];
    for (const part of hostile)
      expect(
        tableFound.safeParse({ ...found, ...part }).success,
        JSON.stringify(part).slice(0, 80),
      ).toBe(false);
  });
});
