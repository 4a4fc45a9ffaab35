/** The report of a comparison as a page. */
import type { Panel, Results } from "../runs/records.ts";
import { cellsOf } from "./cells.ts";
import { changeText, findingsOf } from "./findings.ts";
import { allMeasures, besideThePaper, ratesTable, timesTable } from "./tables.ts";
import type { LayerFigure } from "./layers.ts";
import { listsOf, type NamedList } from "./lists.ts";
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
import type { RatesFigure } from "./rates.ts";
import { rowsOf, type Row } from "./rows.ts";
import { list, moment, sentences, stepName, thousands } from "./words.ts";

export interface Figures {
  /** SVG. */
  readonly main: string;
  readonly layers: readonly LayerFigure[];
  /** Data URIs by file. */
  readonly pictures: ReadonlyMap<string, string>;
  /** Where several learning rates were tried. */
  readonly rates?: RatesFigure | undefined;
}

/** The whole page. Everything that comes from the results is escaped. */
export function reportPage(results: Results, { main, layers, pictures, rates }: Figures): string {
  const rows = rowsOf(results);
  const body = [
    section("Results", [
      resultsTable(results, rows),
      allMeasures(results, rows),
      ratesTable(results, rows),
      besideThePaper(results, rows),
    ]),
    figure(main, { title: titles(panelsOf(results)), text: mainCaption(results, rows) }),
    rates ? figure(rates.figure, rates) : "",
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
  const { heads, rows: lines, baseline, note: text } = cellsOf(results, rows);
  const body = lines.map(({ arm, cells }) => {
    const texts = cells.map(
      ({ text: cell, isBest }) => `<td${isBest ? ' class="best"' : ""}>${escape(cell)}</td>`,
    );
    return `<tr>${armCell(arm)}${texts.join("")}</tr>`;
  });
  if (baseline) {
    const cells = baseline.cells.map((cell) => `<td>${escape(cell)}</td>`);
    body.push(
      `<tr class="baseline"><th scope="row">${escape(baseline.name)}</th>${cells.join("")}</tr>`,
    );
  }
  return `${table(heads, body)}\n${note(text)}`;
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

function lists(results: Results): string {
  const { settings, data, machine } = listsOf(results);
  const list = ({ title, entries }: NamedList): string => definitions(title, entries);
  return `<div>${list(settings)}</div>\n<div>${list(data)}\n${list(machine)}</div>`;
}
