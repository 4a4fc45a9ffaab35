/** The tables beside the main one: all measures, learning rates, the paper, times. */
import type { Results, RunRecord } from "../runs/records.ts";
import { meanOf } from "./chance.ts";
import { inBrackets, inUnitAlone } from "./measure.ts";
import { armRow, armCell, escape, note, table } from "./page.ts";
import { lastTest, present, valueOf, type Row } from "./rows.ts";
import {
  capital,
  count,
  duration,
  fixed,
  list,
  NOTHING,
  one,
  sentences,
  singular,
  thousands,
} from "./words.ts";

/** All measures of the last test, and what was measured once of the trained models, where that is more than the main table has. */
export function allMeasures({ sheet }: Results, rows: readonly Row[]): string {
  const { measures, notes } = sheet;
  const finals = [
    ...new Set(rows.flatMap(({ runs }) => runs.flatMap((r) => Object.keys(r.final)))),
  ];
  if (measures.length + finals.length < 2 || rows.length === 0) return "";
  const mean = (
    runs: readonly RunRecord[],
    of: (run: RunRecord) => number | null,
  ): number | null => {
    const values = present(runs.map(of));
    return values === null ? null : meanOf(values);
  };
  const sets = (["train", "test"] as const).filter((set) =>
    rows.some(({ runs }) =>
      runs.some((run) => measures.some(({ key }) => lastTest(run, set, key) !== null)),
    ),
  );
  const body = rows.map(({ arm, runs }) =>
    armRow(arm, [
      ...measures.flatMap((m) =>
        sets.map((set) =>
          inUnitAlone(
            m,
            mean(runs, (run) => lastTest(run, set, m.key)),
          ),
        ),
      ),
      ...finals.map((name) => {
        const x = mean(runs, (run) => valueOf(run.final, name));
        return x === null ? NOTHING : fixed(x, 2);
      }),
    ]),
  );
  const head = [
    "arm",
    ...measures.flatMap(({ key, unit }) => sets.map((set) => `${key}, ${set}${inBrackets(unit)}`)),
    ...finals,
  ];
  const said = sentences([
    rows.some(({ runs }) => runs.length > 1) ? "Means over the seeds." : "",
    notes.measures ?? "",
  ]);
  return `<h3>All measures</h3>\n${table(head, body)}\n${note(said)}`;
}

/** Every learning rate that was tried, where there were several. */
export function ratesTable({ sheet, lost, soFar }: Results, rows: readonly Row[]): string {
  const tried = rows.filter(({ record }) => record.grid !== undefined);
  if (tried.length === 0) return "";
  const [measure] = sheet.measures;
  const rates = [...new Set(tried.flatMap(({ record }) => record.grid!.map(({ lr }) => lr)))].sort(
    (a, b) => a - b,
  );
  const body = tried.map(({ arm, record }) => {
    const cells = rates.map((rate) => {
      const entry = record.grid!.find(({ lr }) => lr === rate);
      const measured = entry !== undefined && entry.heldOut !== null;
      const mark = measured && rate === record.lr ? ' class="best"' : "";
      const wasLost = lost.some((run) => run.arm === arm && run.lr === rate);
      const text = measured
        ? inUnitAlone(measure, entry.heldOut)
        : entry === undefined
          ? ""
          : wasLost || soFar === undefined
            ? "diverged"
            : NOTHING;
      return `<td${mark}>${escape(text)}</td>`;
    });
    return `<tr>${armCell(arm)}${cells.join("")}</tr>`;
  });
  const head = ["arm", ...rates.map((lr) => `lr ${lr}`)];
  const best = measure.better === "lower" ? "lowest" : "highest";
  return `<h3>Learning rates</h3>\n${table(head, body)}\n${note(
    `${capital(measure.key)}${inBrackets(measure.unit)} on training ${sheet.work.unit} that were held out, after the last ${sheet.axis.name}. Bold: the rate with the ${best} one, which all else on this page is of.`,
  )}`;
}

/** What others reported, beside what was measured here. */
export function besideThePaper({ sheet }: Results, rows: readonly Row[]): string {
  const { reported } = sheet;
  if (reported === undefined || rows.length === 0) return "";
  const [measure] = sheet.measures;
  const { key, unit, digits } = measure;
  const body = rows.map(({ arm, score }) => {
    const there = valueOf(reported.test, arm);
    return armRow(arm, [
      score === null ? NOTHING : fixed(score.mean, digits),
      there === null ? NOTHING : fixed(there, digits),
    ]);
  });
  return `<h3>Beside the paper</h3>\n${table(["arm", `test ${key} ${unit} here`, "reported"], body, { isNarrow: true })}\n${note(
    `Reported by others, not measured here: ${reported.of}. The settings of this run are below.`,
  )}`;
}

export function timesTable({ sheet }: Results, rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const body = rows.map(({ arm, runs, record, at }) => {
    const [median, low, high] = (["median", "low", "high"] as const).map((key) => {
      const values = present(runs.map((run) => run.timing?.milliseconds?.[key]));
      return values === null ? null : fixed(meanOf(values), 2);
    });
    const seconds = present(
      runs.map((run) => run.points.at(-1)?.seconds ?? run.tests.at(-1)?.seconds),
    );
    const spread = median === low && median === high ? "" : ` (${low ?? ""}\u2013${high ?? ""})`;
    return armRow(arm, [
      record.parameters === null ? NOTHING : thousands(record.parameters),
      String(record.lr),
      median === null ? NOTHING : `${median}${spread}`,
      at === null ? NOTHING : `${count(runs.length, "run")} of ${count(at, sheet.axis.name)}`,
      seconds === null ? NOTHING : duration(meanOf(seconds)),
    ]);
  });
  const head = [
    "arm",
    "parameters",
    "learning rate",
    `ms ${one(singular(sheet.work.step))} (quartiles)`,
    "trained",
    "training time a run",
  ];
  return `${table(head, body)}${note(deadUnits(rows))}`;
}

/** Units that initialization found to be the same for every example keep their scale. */
function deadUnits(rows: readonly Row[]): string {
  const dead = rows.flatMap(({ arm, runs }) => {
    const most = Math.max(
      0,
      ...runs.map((run) => Object.values(run.dead).reduce((sum, n) => sum + n, 0)),
    );
    return most > 0 ? [`${arm} ${thousands(most)}`] : [];
  });
  return dead.length === 0
    ? ""
    : `Units that do not vary on the initialization batch, and keep their scale: ${list(dead)}.`;
}
