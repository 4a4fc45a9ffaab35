/** The report of a comparison as a page. */
import type { Panel, Results } from "../runs/records.ts";
import { bestOf, columnsOf, textOf } from "./columns.ts";
import { changeText, findingsOf } from "./findings.ts";
import { allMeasures, besideThePaper, ratesTable, timesTable } from "./tables.ts";
import type { LayerFigure } from "./layers.ts";
import { baselineTexts, tableNote } from "./notes.ts";
import {
  armCell,
  armRow,
  definitions,
  escape,
  figure,
  note,
  page,
  pictureSection,
  section,
  table,
} from "./page.ts";
import { panelsOf } from "./panes.ts";
import { rowsOf, type Row } from "./rows.ts";
import { duration, list, moment, sentences, stepName, short, thousands } from "./words.ts";

export interface Figures {
  /** SVG. */
  readonly main: string;
  readonly layers: readonly LayerFigure[];
  /** Data URIs by file. */
  readonly pictures: ReadonlyMap<string, string>;
}

/** The whole page. Everything that comes from the results is escaped. */
export function reportPage(results: Results, { main, layers, pictures }: Figures): string {
  const rows = rowsOf(results);
  const body = [
    section("Results", [
      resultsTable(results, rows),
      allMeasures(results, rows),
      ratesTable(results, rows),
      besideThePaper(results, rows),
    ]),
    figure(main, { title: titles(panelsOf(results)), text: mainCaption(results, rows) }),
    pictureSection(results, pictures),
    section(
      "What happens to the weights",
      layers.map((one) => figure(one.figure, one)),
    ),
    lostSection(results),
    section("How it was run", [
      `<pre><code>${escape(results.command)}</code></pre>`,
      timesTable(results, rows),
      changesList(results),
      `<div class="columns">${lists(results)}</div>`,
    ]),
  ];
  return page({
    title: titleOf(results, rows),
    ...findingsOf(results),
    body: body.filter((part) => part !== "").join("\n"),
  });
}

function titleOf({ experiment, config, lost }: Results, rows: readonly Row[]): string {
  const { arms } = config;
  const entered = Array.isArray(arms)
    ? arms.length
    : new Set([...rows, ...lost].map(({ arm }) => arm)).size;
  const only = [...rows, ...lost].at(0)?.arm;
  if (entered > 1) return `${experiment}: weight normalization compared`;
  return only === undefined ? experiment : `${experiment}: ${only}`;
}

function resultsTable(results: Results, rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const columns = columnsOf(results, rows);
  const best = columns.map((column) => bestOf(rows, column));
  const body = rows.map((row) => {
    const cells = columns.map((column, i) => {
      const mark = best[i].has(row.arm) ? ' class="best"' : "";
      return `<td${mark}>${escape(textOf(column, column.stat(row)))}</td>`;
    });
    return `<tr>${armCell(row.arm)}${cells.join("")}</tr>`;
  });
  const { baseline } = results.sheet;
  if (baseline) {
    const cells = baselineTexts(results, columns).map((cell) => `<td>${escape(cell)}</td>`);
    body.push(
      `<tr class="baseline"><th scope="row">${escape(baseline.name)}</th>${cells.join("")}</tr>`,
    );
  }
  const head = ["arm", ...columns.map((column) => column.head)];
  return `${table(head, body)}\n${note(tableNote(results, rows, columns))}`;
}

/** "Training loss, training error and test error" */
const titles = (panels: readonly Panel[]): string =>
  list(
    panels.map(({ title }, i) =>
      i === 0 || /^[A-Z]{2}/.test(title) ? title : title.charAt(0).toLowerCase() + title.slice(1),
    ),
  );

function mainCaption(results: Results, rows: readonly Row[]): string {
  const panels = panelsOf(results);
  const seeds = rows.some(({ runs }) => runs.length > 1);
  const logs = panels.filter(({ axis }) => axis === "log").length;
  return sentences([
    seeds ? "Thick lines are means over the seeds, thin lines the seeds." : "",
    saidOf(
      panels.filter(({ smooth }) => smooth),
      "smoothed over 1/25 of the run",
    ),
    saidOf(
      panels.filter(({ from }) => from === "train"),
      "of the minibatches, a mean over the training before each point",
    ),
    panels.some(({ by }) => by.includes("seconds")) ? "Seconds count training alone." : "",
    logs === panels.length ? "All vertical axes are logarithmic." : "",
    results.sheet.notes.figure ?? "",
  ]);
}

/** "Training loss and Q are smoothed." */
function saidOf(panels: readonly Panel[], what: string): string {
  if (panels.length === 0) return "";
  return `${titles(panels)} ${panels.length > 1 ? "are" : "is"} ${what}.`;
}

function lostSection({ lost, sheet }: Results): string {
  const rows = lost.map(({ arm, seed, lr, step, why }) =>
    armRow(arm, [String(seed), String(lr), thousands(step)]).replace(
      /<\/tr>$/,
      `<td class="text">${escape(why)}</td></tr>`,
    ),
  );
  return rows.length === 0
    ? ""
    : section("Runs that diverged", [
        table(["arm", "seed", "learning rate", stepName(sheet), "what happened"], rows),
      ]);
}

function changesList({ changes }: Results): string {
  if (changes.length === 0) return "";
  const items = changes.map(
    (change) =>
      `<li>${escape(sentences([`${moment(change.time)}: ${changeText(change)}.`, change.note]))}</li>`,
  );
  return `<h3>Changed on the way</h3>\n<ul>${items.join("\n")}</ul>`;
}

/** What is not known of a machine has no line. */
const told = (
  name: string,
  value: string | number | undefined,
): readonly (readonly [string, string])[] => (value === undefined ? [] : [[name, String(value)]]);

function lists({ machine, facts, settings, startedAt, seconds }: Results): string {
  const text = (value: string | number): string =>
    typeof value === "number" ? thousands(value) : value;
  const data = definitions("Data and time", [
    ...facts.map(([name, value]) => [name, text(value)] as const),
    ["started", moment(startedAt)],
    ["training and tests", `took ${duration(seconds)}`],
  ]);
  const on = definitions("Machine", [
    ...told("processor", machine.cpu),
    ["cores", thousands(machine.cores)],
    ...told("memory", machine.memoryGiB && `${short(machine.memoryGiB)} GiB`),
    ["platform", machine.platform],
    ...told("Node.js", machine.node),
    ...told("browser", machine.browser),
    ["runtime", machine.runtime],
  ]);
  const set = settings.map(({ name, value }) => [name, value] as const);
  return `<div>${definitions("Settings", set)}</div>\n<div>${data}\n${on}</div>`;
}
