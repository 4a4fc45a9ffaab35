/** Tables for terminals: a head, a rule, rows; two spaces between columns and nothing else. */
import Table from "cli-table3";

const sides = ["", "-mid", "-left", "-right"] as const;
const NO_LINES = {
  ...Object.fromEntries(
    ["top", "bottom"].flatMap((edge) => sides.map((side) => [edge + side, ""])),
  ),
  ...{ left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " },
};

export interface TableOptions {
  /** How many columns, from the left, are text; the others are numbers and go to the right (default 1). */
  readonly texts?: number;
}

/** The lines of a table without its rule. */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { texts = 1 }: TableOptions = {},
): readonly string[] {
  const table = new Table({
    chars: NO_LINES,
    colAligns: head.map((_, i) => (i < texts ? "left" : "right")),
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  for (const row of [head, ...rows]) table.push([...row]);
  return table.toString().split("\n");
}

export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string {
  const [first = "", ...rest] = tableLines(head, rows, options);
  return [first, "\u2500".repeat(first.length), ...rest].join("\n");
}
