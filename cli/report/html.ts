/** The report as one page that needs nothing else: no network, no scripts. */
import { reported } from "../../experiments/reported.ts";
import type { Results } from "../../experiments/results.ts";
import { inUnitAlone } from "../measure.ts";
import { layersOf, trainLines } from "./curves.ts";
import type { Quantity } from "./curves.ts";
import { count, findingsOf } from "./findings.ts";
import { bestOf, columnsOf, rowsOf, targetText, thousands } from "./summary.ts";
import { STYLE } from "./style.ts";

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
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<p class="kicker">${escape(title)}</p>
<h1>${escape(headline)}</h1>
${sentences.map((sentence) => `<p>${escape(sentence)}</p>`).join("\n")}
</header>
<section>
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
${pictureSection(results, figures)}
${layerSection(results, figures)}
<section>
<h2>How it was run</h2>
<pre><code>${escape(results.command)}</code></pre>
${timeTable(results)}
<div class="columns">
${definitions("Configuration", Object.entries(results.config))}
${definitions("Machine", [
  ["processor", results.machine.cpu],
  ["cores", results.machine.cores],
  ["memory", `${Number(results.machine.memoryGiB.toFixed(1))} GiB`],
  ["platform", results.machine.platform],
  ["Node.js", results.machine.node],
  ["runtime", results.machine.runtime],
])}
${definitions("Data and time", [
  ["source", results.data.source],
  ["training images", thousands(results.data.train)],
  ["test images", thousands(results.data.test)],
  ["started", results.startedAt.replace(/T(\d\d:\d\d).*Z$/, " $1 UTC")],
  ["training and evaluation took", duration(results.seconds)],
])}
</div>
</section>
</main>
</body>
</html>
`;
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

/** What to look for; section 2.1 of the paper is why. */
const LAYER_FIGURES: readonly { key: Quantity; title: string; text: string }[] = [
  {
    key: "v",
    title: "|v| in each layer",
    text:
      "Look for |v| that only grows in the arms with weight normalization: the gradient of v is at right angles to v, " +
      "so every step of plain gradient descent lengthens it (with Adam or momentum this holds only roughly). " +
      "Without weight normalization v is the weight itself; batch normalization ignores its length, so there it grows for the same reason.",
  },
  {
    key: "g",
    title: "g in each layer",
    text:
      "Look for layers whose g leaves its start: g is the length of the weights, learned apart from their direction. " +
      "Without weight normalization it is |w|, the same curve as |v| above.",
  },
  {
    key: "effectiveStep",
    title: "Effective step lr / |v|² in each layer",
    text:
      "Look for curves that fall and then level off: this is how far a step turns the direction of the weights, " +
      "and as |v| grows it shrinks until it fits, so that a learning rate that was too large heals itself.",
  },
];

function layerSection(results: Results, figures: Figures): string {
  if (layersOf(results).length === 0) return "";
  const shown = LAYER_FIGURES.map(({ key, ...caption }) => {
    const svg = figures[key];
    return svg === null ? "" : figure(svg, caption);
  });
  return `<section>\n<h2>What happens to the weights</h2>\n${shown.join("\n")}\n</section>`;
}

/** What the models make, the arms of one kind of picture beside each other. */
function pictureSection({ pictures = [] }: Results, figures: Figures): string {
  const shown = pictures.filter(({ file }) => figures.pictures.has(file));
  if (shown.length === 0) return "";
  const kinds = [...new Set(shown.map(({ name }) => name))];
  const seed = shown[0].seed; // of several seeds one is enough to look at
  const rows = kinds.map((kind) => {
    const ofKind = shown.filter((p) => p.name === kind && p.seed === seed);
    const images = ofKind.map(
      ({ arm, caption, file }) =>
        `<figure class="picture"><img alt="${escape(`${kind} of ${arm}: ${caption}`)}" src="${figures.pictures.get(file)!}"><figcaption>${escape(arm)}</figcaption></figure>`,
    );
    return `<h3>${escape(capital(kind))}</h3>\n<p class="note">${escape(ofKind[0].caption)}</p>\n<div class="pictures">${images.join("")}</div>`;
  });
  return `<section>\n<h2>What the models make</h2>\n${rows.join("\n")}\n</section>`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The drawing is trusted, since `figure.ts` escaped what it shows. */
const figure = (svg: string, { title, text }: { title: string; text: string }): string =>
  `<figure>
<div class="scroll" role="img" aria-label="${escape(title)}">${svg}</div>
<figcaption><strong>${escape(title)}.</strong> ${escape(text)}</figcaption>
</figure>`;

const table = (head: readonly string[], body: readonly string[]): string =>
  `<div class="scroll"><table>
<thead><tr>${head.map((cell) => `<th scope="col">${escape(cell)}</th>`).join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table></div>`;

const armCell = (arm: string): string =>
  `<th scope="row"><span class="key ${arm.replace("+", "-and-")}"></span>${escape(arm)}</th>`;

const definitions = (title: string, entries: readonly (readonly [string, unknown])[]): string =>
  `<div><h3>${escape(title)}</h3><dl>
${entries.map(([key, value]) => `<dt>${escape(key)}</dt><dd>${escape(written(value))}</dd>`).join("\n")}
</dl></div>`;

/** Settings as people write them: `a, b` for lists, `key: value` for records. */
function written(value: unknown): string {
  if (Array.isArray(value)) return value.map(written).join(", ");
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .map(([key, inner]) => `${key}: ${written(inner)}`)
      .join(", ");
  }
  return String(value);
}

/** `48.2 s`, `3 min 7 s`, `1 h 2 min`. */
function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "\u2013";
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c]);
