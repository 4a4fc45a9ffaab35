/** The results as a table for the terminal. */
import type { Results } from "../../experiments/results.ts";
import { tableLines } from "../text-table.ts";
import { bestOf, columnsOf, rowsOf } from "./summary.ts";
import type { StatKey } from "./summary.ts";

export interface TableOptions {
  /** Characters a line, as of the terminal; columns give way when there are fewer than they need. */
  readonly width?: number;
  readonly colors?: boolean;
}

interface Layout {
  readonly keys: readonly StatKey[];
  readonly deviations: readonly StatKey[];
}

const ALL = [
  "test",
  "trainLoss",
  "epochsToPlain",
  "imagesPerSecond",
  "relativeStepTime",
  "secondsToTarget",
] as const;
const FEWER = ALL.filter((key) => key !== "epochsToPlain");

/** From everything down to what the run was for. */
const LAYOUTS: readonly Layout[] = [
  { keys: ALL, deviations: ALL },
  { keys: ALL, deviations: ["test", "epochsToPlain", "secondsToTarget"] },
  { keys: FEWER, deviations: ALL },
  { keys: FEWER, deviations: ["test", "secondsToTarget"] },
  { keys: FEWER, deviations: ["test"] },
  { keys: FEWER, deviations: [] },
  { keys: ["test", "trainLoss", "relativeStepTime", "secondsToTarget"], deviations: [] },
  { keys: ["test", "relativeStepTime", "secondsToTarget"], deviations: [] },
  { keys: ["test", "secondsToTarget"], deviations: [] },
  { keys: ["test"], deviations: [] },
];

const bold = (text: string): string => `\x1b[1m${text}\x1b[22m`;
const dim = (text: string): string => `\x1b[2m${text}\x1b[22m`;

/** One line an arm; with several seeds `mean ± standard deviation`. The best of a column is bold where colours are on. */
export function resultsTable(
  results: Results,
  { width = 100, colors = false }: TableOptions = {},
): string {
  const layout =
    LAYOUTS.find((l) => draw(results, l).width <= width) ?? LAYOUTS[LAYOUTS.length - 1];
  const { head, body, width: used } = draw(results, layout, colors);
  const seeds = Math.max(0, ...rowsOf(results).map((row) => row.seeds));
  const note =
    seeds > 1
      ? [`mean${layout.deviations.length > 0 ? " ± standard deviation" : ""} of ${seeds} seeds`]
      : [];
  const lost = (results.lost ?? []).map(
    (l) => `${l.arm} with seed ${l.seed} and learning rate ${l.lr} diverged after step ${l.step}`,
  );
  const quiet = colors ? dim : (text: string) => text;
  return [
    quiet(head),
    quiet("\u2500".repeat(used)),
    ...body,
    ...[...note, ...lost].map(quiet),
  ].join("\n");
}

interface Drawing {
  readonly head: string;
  readonly body: readonly string[];
  readonly width: number;
}

function draw(results: Results, { keys, deviations }: Layout, colors = false): Drawing {
  const columns = columnsOf(results).filter(({ key }) => keys.includes(key));
  const rows = rowsOf(results);
  const cells = rows.map((row) => [
    row.arm,
    ...columns.map((column) => {
      const text = column.text(row[column.key], deviations.includes(column.key));
      return colors && bestOf(rows, column).includes(row.arm) ? bold(text) : text;
    }),
  ]);
  const [head, ...body] = tableLines(["arm", ...columns.map((column) => column.head)], cells);
  return { head, body, width: head.length };
}
