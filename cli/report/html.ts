/** The report of a comparison as a page. */
import { reported } from "../../experiments/reported.ts";
import type { Results } from "../../experiments/results.ts";
import { inUnitAlone } from "../measure.ts";
import { trainLines } from "./curves.ts";
import { count, findingsOf } from "./findings.ts";
import { bestOf, columnsOf, rowsOf, targetText, thousands } from "./summary.ts";
import {
  armCell,
  capital,
  definitions,
  duration,
  escape,
  figure,
  layerSection,
  machineList,
  page,
  pictureSection,
  startText,
  table,
} from "./page.ts";

/** SVG sources as `figure.ts` draws them; `null` where the results keep nothing to draw. And the folder's pictures as data URIs. */
export interface Figures {
  readonly pictures: ReadonlyMap<string, string>;
  readonly main: string;
  readonly v: string | null;
  readonly g: string | null;
  readonly effectiveStep: string | null;
}

/** The whole page. Everything that comes from the results is escaped. */
export function reportPage(results: Results, figures: Figures): string {
  const { headline, sentences } = findingsOf(results);
  const title = `${results.experiment}: weight normalization compared`;
  const body = `<section>
<h2>Results</h2>
${resultsTable(results)}
${measuresTable(results)}
${gridTable(results)}
${paperTable(results)}
</section>
${figure(figures.main, {
  title: mainTitle(results),
  text: mainCaption(results),
})}
${pictureSection("What the models make", results.pictures ?? [], figures.pictures)}
${layerSection(figures)}
<section>
<h2>How it was run</h2>
<pre><code>${escape(results.command)}</code></pre>
${timeTable(results)}
<div class="columns">
${definitions("Configuration", Object.entries(results.config))}
${machineList(results.machine)}
${definitions("Data and time", [
  ["source", results.data.source],
  ["training images", thousands(results.data.train)],
  ["test images", thousands(results.data.test)],
  ["started", startText(results.startedAt)],
  ["training and evaluation took", duration(results.seconds)],
])}
</div>
</section>`;
  return page({ title, headline, sentences, body });
}

function mainTitle(results: Results): string {
  const [measure] = results.measures;
  return trainLines(results, measure).length > 0
    ? `Training loss, training ${measure.key} and test ${measure.key}`
    : `Training loss and test ${measure.key}`;
}

function mainCaption(results: Results): string {
  const seeds = Math.max(0, ...rowsOf(results).map((row) => row.seeds));
  const lines = seeds > 1 ? `Thick lines are means of ${seeds} seeds, thin lines the seeds. ` : "";
  return (
    `${lines}The loss is that of the minibatches, smoothed over 1/25 of the run; ` +
    "seconds count training alone. All vertical axes are logarithmic."
  );
}

function resultsTable(results: Results): string {
  const rows = rowsOf(results);
  const columns = columnsOf(results);
  const head = ["arm", ...columns.map((column) => column.head)];
  const body = rows.map((row) => {
    const cells = columns.map((column) => {
      const mark = bestOf(rows, column).includes(row.arm) ? ' class="best"' : "";
      return `<td${mark}>${escape(column.text(row[column.key]))}</td>`;
    });
    return `<tr>${armCell(row.arm)}${cells.join("")}</tr>`;
  });
  const seeds = Math.max(0, ...rows.map((row) => row.seeds));
  const means = seeds > 1 ? `Mean ± standard deviation of ${seeds} seeds. ` : "";
  const { key } = results.measures[0];
  const note =
    `${means}Test ${key} and loss are those after the last epoch, not the best ones. ` +
    `Epochs to plain's: how many until the training loss, smoothed as in the figure, was where that of plain ended. ` +
    `Step time is relative to plain. The last column counts seconds of training until an epoch ended ` +
    `with a test ${key} of ${targetText(results)} or less; \u2013 where none did.`;
  return `${table(head, body)}\n<p class="note">${escape(note)}</p>`;
}

/** All measures after the last epoch, and what was measured of the trained models, where that is more than the table above has. */
function measuresTable(results: Results): string {
  const { measures } = results;
  const rows = rowsOf(results);
  const finals = [
    ...new Set(
      rows.flatMap(({ arm }) => results.arms[arm]!.runs.flatMap((r) => Object.keys(r.final ?? {}))),
    ),
  ];
  if (measures.length + finals.length < 2) return "";
  const mean = (values: readonly (number | undefined)[]): number =>
    values.reduce<number>((sum, x) => sum + (x ?? NaN), 0) / values.length;
  const body = rows.map(({ arm }) => {
    const { epochs, runs } = results.arms[arm]!;
    const last = epochs[epochs.length - 1];
    const cells = [
      ...measures.flatMap((m) => [
        inUnitAlone(m, last.train[m.key]),
        inUnitAlone(m, last.test[m.key]),
      ]),
      ...finals.map((name) => mean(runs.map((run) => run.final?.[name])).toFixed(2)),
    ];
    return `<tr>${armCell(arm)}${cells.map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`;
  });
  const head = [
    "arm",
    ...measures.flatMap(({ key, unit }) => [`${key}, train (${unit})`, `${key}, test (${unit})`]),
    ...finals,
  ];
  return `<h3>All measures</h3>\n${table(head, body)}\n<p class="note">After the last epoch, means over the seeds; of the training set those of the minibatches, noise and all.${averages(results)}</p>`;
}

/** Early in training averages lag far behind, which would look like a fault. */
const averages = ({ config }: Results): string =>
  typeof config["average"] === "number"
    ? ` Of the test set, and in pictures, those of moving averages of the parameters (decay ${config["average"]}), which lag behind in short runs.`
    : "";

/** Every learning rate that was tried, where there were several. */
function gridTable(results: Results): string {
  const rows = rowsOf(results).filter(({ arm }) => results.arms[arm]!.grid !== undefined);
  if (rows.length === 0) return "";
  const [measure] = results.measures;
  const rates = results.arms[rows[0].arm]!.grid!.map(({ lr }) => lr);
  const body = rows.map(({ arm }) => {
    const { grid, lr: best } = results.arms[arm]!;
    const cells = grid!.map(
      ({ lr, heldOut }) =>
        `<td${lr === best ? ' class="best"' : ""}>${heldOut === null ? "diverged" : inUnitAlone(measure, heldOut)}</td>`,
    );
    return `<tr>${armCell(arm)}${cells.join("")}</tr>`;
  });
  const head = ["arm", ...rates.map((lr) => `lr ${lr}`)];
  const note = `${capital(measure.key)} (${measure.unit}) on training images that were held out, after the last epoch: the learning rate with the lowest one is each arm's, and all else on this page is of it.`;
  return `<h3>Learning rates</h3>\n${table(head, body)}\n<p class="note">${escape(note)}</p>`;
}

/** What the paper reported, beside what was measured here. */
function paperTable(results: Results): string {
  const paper = reported[results.experiment] as (typeof reported)[string] | undefined;
  if (!paper) return "";
  const [{ key, unit, digits }] = results.measures;
  const body = rowsOf(results).map(({ arm, test }) => {
    const here = test.mean === null ? "\u2013" : test.mean.toFixed(digits);
    const there = paper.test[arm]?.toFixed(digits) ?? "\u2013";
    return `<tr>${armCell(arm)}<td>${here}</td><td>${there}</td></tr>`;
  });
  const note = `Reported by others, not measured here: ${paper.of}. The preset and epochs of this run are below.`;
  return `<h3>Beside the paper</h3>\n${table(["arm", `test ${key} ${unit} here`, "reported by the paper"], body)}\n<p class="note">${escape(note)}</p>`;
}

function timeTable(results: Results): string {
  const mean = (xs: readonly number[]): string =>
    (xs.reduce((sum, x) => sum + x, 0) / xs.length).toFixed(2);
  const body = rowsOf(results).map(({ arm, seeds, epochs }) => {
    const { runs, parameters, epochs: means } = results.arms[arm]!;
    const [median, low, high] = (["median", "low", "high"] as const).map((key) =>
      mean(runs.map((run) => run.stepMilliseconds[key])),
    );
    const cells = [
      thousands(parameters),
      `${median} (${low}\u2013${high})`,
      `${count(seeds, "run")} of ${count(epochs, "epoch")}`,
      duration(means[means.length - 1].seconds),
    ];
    return `<tr>${armCell(arm)}${cells.map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`;
  });
  const head = ["arm", "parameters", "ms a step (quartiles)", "trained", "training time a run"];
  return table(head, body);
}
