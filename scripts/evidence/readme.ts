/** Where tables stand in a README: between two comments that name them. Pure functions. */
import { sourcesOf, type Table } from "./table.ts";

const OPEN = /^<!-- table ([^\s:]+).*-->$/;
const BLOCK = /^<!-- table ([^\s:]+)[^\n]*-->$[^]*?^<!-- end of table \1 -->$/gm;

/** The README with its tables as `text` makes them; throws where its marks and the tables there are do not match. `where` is its path. */
export function withTables(
  readme: string,
  tables: Readonly<Record<string, Table>>,
  { where, text }: { readonly where: string; readonly text: (table: Table) => string },
): string {
  const found: string[] = [];
  const changed = readme.replaceAll(BLOCK, (_, name: string) => {
    found.push(name);
    if (!Object.hasOwn(tables, name))
      throw new Error(
        `${where}: expected a table of scripts/evidence/tables.ts, got the name "${name}"; define it there or remove its marks`,
      );
    return block(name, tables[name], text(tables[name]));
  });
  const opened = readme.split("\n").filter((line) => OPEN.test(line)).length;
  if (opened !== found.length)
    throw new Error(
      `${where}: expected a line "<!-- end of table NAME -->" for each "<!-- table NAME -->", got ${found.length} for ${opened}; close them`,
    );
  const wrong = Object.keys(tables).filter((name) => found.filter((x) => x === name).length !== 1);
  if (wrong.length > 0)
    throw new Error(
      `${where}: expected the marks of table ${wrong[0]} once, got them ${found.filter((x) => x === wrong[0]).length} times; put "<!-- table ${wrong[0]} -->" and "<!-- end of table ${wrong[0]} -->" where it is to stand`,
    );
  return changed;
}

const block = (name: string, table: Table, text: string): string =>
  `<!-- table ${name}: \`npm run -s evidence\` makes it of ${sourcesOf(table).join(", ")} -->

${text}

<!-- end of table ${name} -->`;

/**
 * The first lines of tables by hand that nobody has vouched for: neither generated, nor settings (below a heading that begins with "How it
 * departs"), nor behind a line "<!-- by hand: WHY -->".
 */
export function unmarkedTables(readme: string): readonly string[] {
  const lines = readme.replaceAll(BLOCK, "").split("\n");
  let heading = "";
  return lines.flatMap((line, i) => {
    if (/^#+ /.test(line)) heading = line;
    const isFirst = line.startsWith("|") && !(lines[i - 1] ?? "").startsWith("|");
    if (!isFirst || /^#+ How it departs/.test(heading)) return [];
    const before = lines.slice(0, i).findLast((one) => one.trim() !== "") ?? "";
    return /^<!-- by hand: .+ -->$/.test(before) ? [] : [line];
  });
}

/**
 * Decimals that prose has and none of these tables, where those of one decimal may be rounded ones: slips, or of an earlier record. Prose is what is
 * neither code nor table, nor in the section "How it departs", which is about settings; rough ratios ("2.5 times") and hours are not looked at.
 */
export function looseNumbers(readme: string, tables: string): readonly string[] {
  const known = numbersIn(tables);
  const values = [...known].map(valueOf);
  const isRounded = (number: string): boolean =>
    /^[\d,]+\.\d$/.test(number) && values.some((x) => Math.abs(x - valueOf(number)) < 0.05 + 1e-9);
  const prose = readme
    .replace(/^## How it departs[^]*?(?=^## |(?![^]))/m, "")
    .replaceAll(/^(```|~~~)[^]*?^\1$|<!--[^]*?-->|^ *\|.*$|`[^`\n]*`|\]\([^)]*\)/gm, " ")
    .replaceAll(
      /((arXiv:?|PyTorch|[Ss]ection) [\d.]+|(?<![\d.])\d+(\.\d)? (times|hours))\b|https?:\S+/g,
      " ",
    );
  return [...numbersIn(prose)].filter(
    (number) => number.includes(".") && !known.has(number) && !isRounded(number),
  );
}
/** What is said with its p value, "1.27 points (p 0.0082)", and stands with it in no cell of these tables. */
export function looseChances(readme: string, tables: string): readonly string[] {
  const cells = tables.split("|");
  const prose = readme.replaceAll(/^ *\|.*$/gm, " ");
  const all = prose.matchAll(/(\d[\d,]*\.\d+)[^().|]*\((p (?:< )?[\d.]+)\)/g);
  return [...all].flatMap(([said, number, chance]) =>
    cells.some((cell) => numbersIn(cell).has(number) && cell.includes(`${chance})`)) ? [] : [said],
  );
}
const valueOf = (number: string): number => Number(number.replaceAll(",", ""));

/** Decimals and whole numbers, but not versions. */
const numbersIn = (text: string): ReadonlySet<string> =>
  new Set(text.match(/(?<![\w.:])\d[\d,]*(\.\d+)?(?![\w]|\.\d)/g));
