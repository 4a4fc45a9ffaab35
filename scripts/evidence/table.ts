/** Tables of README files, made of records: what a table shows, and its Markdown. Pure functions; which tables there are is in tables.ts. */
import { deviationOf, meanOf, pairedTest } from "../../report/chance.ts";
import { columnsOf, textOf } from "../../report/columns.ts";
import { lastTest, present, rowsOf, scaled, valueOf } from "../../report/rows.ts";
import { fixed, NOTHING, probability, significant } from "../../report/words.ts";
import { ARMS, type Arm, type Results, type RunRecord } from "../../runs/records.ts";

/** Records by their paths from the README's folder; throws for a file that is not there. */
export type Records = (path: string) => Results;

/** A number of every run: a table of arms has its mean and deviation over the seeds, a table of pairs the paired difference. */
export interface Quantity {
  readonly head: string;
  readonly of: (run: RunRecord, results: Results) => number | null;
  /** Decimals; null for three significant digits. */
  readonly digits: (results: Results) => number | null;
  /** What those have who learn nothing. */
  readonly baseline?: (results: Results) => number | null;
}

/** A column of a table of arms: a quantity, or whatever can be told of an arm. `from` is its file where the table's own is not meant. */
export type Column = (Quantity | Told) & { readonly from?: string };

export interface Told {
  readonly head: string;
  readonly tell: (results: Results, arm: Arm) => string;
}

/** An arm of the table's own records, or of others, under a name that tells them apart. */
export type Subject = Arm | { readonly arm: Arm; readonly from: string; readonly called: string };

export type Table =
  | {
      readonly kind: "arms";
      /** Rows (default: all arms that there are). */
      readonly subjects?: readonly Subject[];
      /** The path of a results.json. */
      readonly from: string;
      readonly columns: readonly Column[];
      /** Head of the column of names (default "arm"). */
      readonly corner?: string;
      /** Whether those who learn nothing have a row. */
      readonly baseline?: boolean;
    }
  | {
      readonly kind: "pairs";
      readonly from: string;
      /** The first minus the second. */
      readonly pairs: readonly (readonly [Subject, Subject])[];
      readonly columns: readonly (Quantity & { readonly from?: string })[];
    }
  | {
      /** The first measure over the learning rates that were tried, or what became of |v| or of rate / |v|^2. */
      readonly kind: "rates";
      readonly from: string;
      /** Rows (default: all arms that have several rates). */
      readonly subjects?: readonly Subject[];
      readonly of: "heldOut" | "test" | "growth" | "effectiveStep";
    }
  | {
      /** How long the vectors of a layer's units are, a row for each layer. */
      readonly kind: "lengths";
      readonly from: string;
      readonly columns: readonly Length[];
    }
  | {
      /** Of a file that holds no records of a comparison. */
      readonly kind: "other";
      readonly from: string;
      readonly head: readonly string[];
      readonly rows: (file: unknown) => readonly (readonly string[])[];
    };

/** The mean over a layer's units of |v| (|w| where it is not normalized) or of g: before the first step where `at` is 0, else after so many epochs, or at the end. */
interface Length {
  readonly head: string;
  readonly arm: Arm;
  readonly of: "v" | "g";
  readonly at?: number;
}

interface When {
  /** On the axis of the sheet: after so many epochs or frames; the end by default. */
  readonly at?: number;
  readonly digits?: number;
}

/** A measure of the test. */
export const test = (key: string, head: string, { at, digits }: When = {}): Quantity => ({
  head,
  of: (run, results) => inUnits(valueAt(run, "test", key, at), results, key),
  digits: ({ sheet }) => digits ?? sheet.measures.find((m) => m.key === key)?.digits ?? null,
  baseline: (results) => inUnits(valueOf(results.sheet.baseline?.test, key), results, key),
});

/** A measure of training, the loss among them. */
export const train = (key: string, head: string, { at, digits }: When = {}): Quantity => ({
  head,
  of: (run, results) => inUnits(valueAt(run, "train", key, at), results, key),
  digits: () => digits ?? null,
});

/** What was measured once of the trained model, by its name in `final`. */
export const final = (name: string, head: string, digits: number): Quantity => ({
  head,
  of: (run) => valueOf(run.final, name),
  digits: () => digits,
});

/** A column of the report's own table by its key: "step time", "milliseconds", "epochs to plain's loss". */
export const reported = (key: string, head: string): Told => ({
  head,
  tell(results, arm) {
    const rows = rowsOf(results);
    const column = columnsOf(results, rows).find((one) => one.key === key);
    const row = rows.find((one) => one.arm === arm);
    return column && row ? textOf(column, column.stat(row)) : NOTHING;
  },
});

/** How many seeds its runs have. */
export const seeds: Told = {
  head: "seeds",
  tell: ({ arms }, arm) => String(arms[arm]?.runs.length ?? NOTHING),
};

/** The learning rate: of several, the best one on held-out examples. */
export const rate: Told = {
  head: "learning rate",
  tell: ({ arms }, arm) => String(arms[arm]?.lr ?? NOTHING),
};

/** The Markdown of a table, laid out as prettier does it. */
export function tableText(
  table: Table,
  records: Records,
  other: (path: string) => unknown,
): string {
  switch (table.kind) {
    case "arms":
      return markdown(...armsTable(table, records));
    case "pairs":
      return markdown(...pairsTable(table, records));
    case "rates":
      return markdown(...ratesTable(table, records));
    case "lengths":
      return markdown(...lengthsTable(table, records));
    case "other":
      return markdown(table.head, table.rows(other(table.from)));
  }
}

/** The files that a table is made of. */
export const sourcesOf = (table: Table): readonly string[] => {
  const columns = table.kind === "arms" || table.kind === "pairs" ? table.columns : [];
  const all = columns.map(({ from = table.from }) => from);
  const others = subjectsOf(table).flatMap((one) => (typeof one === "string" ? [] : [one.from]));
  return [...new Set([...(all.length > 0 ? all : [table.from]), ...others])];
};

const subjectsOf = (table: Table): readonly Subject[] =>
  table.kind === "pairs"
    ? table.pairs.flat()
    : (("subjects" in table ? table.subjects : null) ?? []);
/** The records that a subject is in, of a table's own from `from`. */
const resultsOf = (subject: Subject, from: string, records: Records): Results =>
  records(typeof subject === "string" ? from : subject.from);
const armOf = (subject: Subject): Arm => (typeof subject === "string" ? subject : subject.arm);
const nameOf = (subject: Subject): string =>
  typeof subject === "string" ? `\`${subject}\`` : subject.called;

type Of<K extends Table["kind"]> = Extract<Table, { kind: K }>;
type Grid = readonly [head: readonly string[], rows: readonly (readonly string[])[]];

function armsTable(
  { from, columns, subjects, corner = "arm", baseline }: Of<"arms">,
  records: Records,
): Grid {
  const of = columns.map((column) => ({ column, results: records(column.from ?? from) }));
  const those = ARMS.filter((arm) => of.some(({ results }) => results.arms[arm]));
  const rows = (subjects ?? those).map((subject) => [
    nameOf(subject),
    ...of.map(({ column, results: own }) => {
      const arm = armOf(subject);
      const results = typeof subject === "string" ? own : records(subject.from);
      if ("tell" in column) return column.tell(results, arm);
      const values = present((results.arms[arm]?.runs ?? []).map((run) => column.of(run, results)));
      return values === null ? NOTHING : overSeeds(values, column.digits(results));
    }),
  ]);
  const name = of.map(({ results }) => results.sheet.baseline?.name).find((one) => one);
  if (baseline && name !== undefined)
    rows.push([
      name,
      ...of.map(({ column, results }) => {
        const value = "baseline" in column ? column.baseline(results) : null;
        return value === null || "tell" in column ? "" : written(value, column.digits(results));
      }),
    ]);
  return [[corner, ...columns.map(({ head }) => head)], rows];
}

function pairsTable({ from, pairs, columns }: Of<"pairs">, records: Records): Grid {
  const rows = pairs.map(([a, b]) => [
    `${nameOf(a)} - ${nameOf(b)}`,
    ...columns.map((column) => {
      const [x, y] = [a, b].map((subject) => {
        const results = resultsOf(subject, column.from ?? from, records);
        return { results, runs: results.arms[armOf(subject)]?.runs ?? [] };
      });
      const differences = x.runs.flatMap((run) => {
        const other = y.runs.find(({ seed }) => seed === run.seed);
        const [p, q] = [column.of(run, x.results), other ? column.of(other, y.results) : null];
        return p === null || q === null ? [] : [p - q];
      });
      if (differences.length === 0) return NOTHING;
      const { mean, deviation, pairs: n, p } = pairedTest(differences);
      const [digits, sign] = [column.digits(x.results), mean > 0 ? "+" : ""];
      const spread = deviation === null ? "" : ` ± ${written(deviation, digits, mean)}`;
      const chance = p === null ? "" : `, p ${probability(p)}`;
      return `${sign}${written(mean, digits)}${spread} (n ${n}${chance})`;
    }),
  ]);
  return [["pair", ...columns.map(({ head }) => head)], rows];
}

function ratesTable({ of, from, subjects }: Of<"rates">, records: Records): Grid {
  const isMeasure = of === "heldOut" || of === "test";
  const tried = (subjects ?? ARMS).flatMap((subject) => {
    const results = resultsOf(subject, from, records);
    const grid = results.arms[armOf(subject)]?.grid;
    return grid || subjects ? [{ subject, results, grid: grid ?? [] }] : [];
  });
  const rates = [...new Set(tried.flatMap(({ grid }) => grid.map(({ lr }) => lr)))].sort(
    (a, b) => a - b,
  );
  const rows = tried.map(({ subject, results, grid }) => {
    const [{ key, digits: decimals }] = results.sheet.measures;
    const digits = isMeasure ? decimals : null;
    return [
      nameOf(subject),
      ...rates.map((lr) => {
        const at = grid.find((one) => one.lr === lr);
        const values = present(
          (at?.bySeed ?? []).map((one) =>
            isMeasure ? inUnits(one[of], results, key) : (one[of] ?? null),
          ),
        );
        const lost = results.lost.filter((run) => run.arm === armOf(subject) && run.lr === lr);
        if (lost.length > 0) {
          const seeds = lost.length + (at?.bySeed?.length ?? 0);
          return withLost(
            lost,
            seeds,
            (values ?? []).map((x) => written(x, digits)),
          );
        }
        if (values !== null) return overSeeds(values, digits);
        const mean = of === "heldOut" ? inUnits(at?.heldOut ?? null, results, key) : null;
        return mean === null ? NOTHING : written(mean, digits);
      }),
    ];
  });
  return [["arm", ...rates.map(String)], rows];
}

function lengthsTable({ from, columns }: Of<"lengths">, records: Records): Grid {
  const { arms } = records(from);
  const all = columns.map(({ arm, of, at }) =>
    (arms[arm]?.runs ?? []).map(({ start, points }) => {
      const point = at === undefined ? points.at(-1) : points.find((one) => one.at === at);
      const layers = (at === 0 ? start : point?.layers) ?? [];
      return new Map(layers.map((one) => [one.layer, one[of]]));
    }),
  );
  const names = [...new Set(all.flat().flatMap((run) => [...run.keys()]))];
  const rows = names.map((name) => [
    `\`${name}\``,
    ...all.map((runs) => {
      const values = present(runs.map((run) => run.get(name) ?? null));
      return values === null ? NOTHING : overSeeds(values, 2);
    }),
  ]);
  return [["layer", ...columns.map(({ head }) => head)], rows];
}

/** How many of all seeds diverged, and what each of the others came to; of all of them the last steps before a loss that was not finite. */
function withLost(lost: Results["lost"], seeds: number, others: readonly string[]): string {
  if (lost.length < seeds) return [...others, `${lost.length} of ${seeds} diverged`].join(", ");
  const steps = lost.map(({ step }) => step);
  const [first, last] = [Math.min(...steps), Math.max(...steps)];
  return first === last ? `diverged, step ${first}` : `diverged, steps ${first} to ${last}`;
}

function valueAt(
  run: RunRecord,
  set: "test" | "train",
  key: string,
  at: number | undefined,
): number | null {
  if (at === undefined) return lastTest(run, set, key);
  return valueOf(run.tests.find((one) => one.at === at)?.[set], key);
}

/** In the unit of the measure of that name, where there is one. */
const inUnits = (x: number | null, { sheet }: Results, key: string): number | null =>
  scaled(x, sheet.measures.find((m) => m.key === key)?.scale ?? 1);

const written = (x: number, digits: number | null, like = x): string =>
  digits === null ? significant(x, like) : fixed(x, digits);

function overSeeds(values: readonly number[], digits: number | null): string {
  const [mean, deviation] = [meanOf(values), deviationOf(values)];
  const spread = deviation === null ? "" : ` ± ${written(deviation, digits, mean)}`;
  return `${written(mean, digits)}${spread}`;
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, i) => Math.max(3, ...all.map((row) => row[i].length)));
  const [first, ...rest] = all.map(
    (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`,
  );
  return [first, `| ${widths.map((n) => "-".repeat(n)).join(" | ")} |`, ...rest].join("\n");
}
