/** The report of a comparison of agents as a page. */
import type { DqnResults } from "../../../experiments/dqn/results.ts";
import type { Quantity } from "../../report/curves.ts";
import {
  armCell,
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
} from "../../report/page.ts";
import { findingsOf } from "./findings.ts";
import { COLUMNS, notes, randomRow, rowsOf, textOf } from "./summary.ts";

export interface DqnFigures {
  readonly main: string;
  readonly layers: Readonly<Record<Quantity, string | null>>;
  readonly pictures: ReadonlyMap<string, string>;
}

export function dqnPage(results: DqnResults, { main, layers, pictures }: DqnFigures): string {
  const several = rowsOf(results).some(({ seeds }) => seeds > 1);
  const body = `<section>
<h2>Results</h2>
${resultsTable(results)}
</section>
${figure(main, {
  title: "Returns, values and loss",
  text: `${several ? "Thick lines are means over the seeds, thin lines the seeds. " : ""}A return is the sum of an episode's rewards as the game counts them. In training a share of the actions is random, which falls at first; in tests nothing is learned. Seconds count acting and learning alone. Q is the mean over minibatches of the value of the best action.`,
})}
${pictureSection("How the agents play", results.pictures, pictures)}
${layerSection(layers)}
<section>
<h2>How it was run</h2>
<pre><code>${escape(results.command)}</code></pre>
<div class="columns">
${definitions("Configuration", Object.entries(results.config))}
${machineList(results.machine)}
${definitions("Game and time", [
  ["game", results.game.name],
  ["actions", results.game.actions],
  ["started", startText(results.startedAt)],
  ["training and tests took", duration(results.seconds)],
])}
</div>
</section>`;
  const title = "dqn: weight normalization compared";
  return page({ title, ...findingsOf(results), body });
}

function resultsTable(results: DqnResults): string {
  const rows = rowsOf(results);
  const best = Math.max(...rows.map((r) => r.test.mean ?? -Infinity));
  const body = rows.map((row) => {
    const cells = COLUMNS.map((column) => {
      const mark = column.key === "test" && row.test.mean === best ? ' class="best"' : "";
      return `<td${mark}>${escape(textOf(row[column.key], column))}</td>`;
    });
    return `<tr>${armCell(row.arm)}${cells.join("")}</tr>`;
  });
  const random = randomRow(results).map((cell) => `<td>${escape(cell)}</td>`);
  body.push(`<tr><th scope="row">random play</th>${random.join("")}</tr>`);
  const head = ["arm", ...COLUMNS.map((column) => column.head)];
  return `${table(head, body)}\n<p class="note">${escape(notes(results).join(". "))}</p>`;
}
