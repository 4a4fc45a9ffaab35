/** JSON from a file, with nothing taken on trust, and values in messages. */
import { printable } from "../graph/index.ts";

export { printable } from "../graph/index.ts";

/** Far more than anything of ours; what recurses over a value has no bottom otherwise. */
export const MOST_LEVELS = 100;
/** Characters of a file or a value that a message quotes. */
const LONGEST = 60;

/**
 * The value of a JSON text: at most `MOST_LEVELS` deep, no object with a name twice, no number that becomes infinite. `where`
 * names the file in messages.
 */
export function parseJson(
  text: string,
  where: string,
  remedy: string = "put back an intact copy",
): unknown {
  const wrong = fault(text);
  if (wrong !== undefined) throw new Error(`${where}: ${wrong}; ${remedy}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${where}: expected JSON, got ${brief(text)}; ${remedy}`, { cause });
  }
  if (LARGE.test(text) && hasInfinite(value))
    throw new Error(`${where}: expected numbers below 1.8e308, got a larger one; ${remedy}`);
  return value;
}

/** Without this there is no number that is too large. */
const LARGE = /[eE]\+?\d{3}|\d{309}/;
const hasInfinite = (x: unknown): boolean =>
  typeof x === "object" && x !== null
    ? Object.values(x).some(hasInfinite)
    : typeof x === "number" && !Number.isFinite(x);

/** The same where it must be an object. */
export function parseRecord(text: string, where: string, remedy?: string): Record<string, unknown> {
  const value = parseJson(text, where, remedy);
  if (isRecord(value)) return value;
  throw new Error(
    `${where}: expected a JSON object, got ${brief(value)}; ${remedy ?? "put back an intact copy"}`,
  );
}

/** Whether a value is an object of JSON, no array and not null. */
export const isRecord = (x: unknown): x is Record<string, unknown> =>
  typeof x === "object" && x !== null && !Array.isArray(x);

/** A value for a message: at most a line, a short one, that does nothing to a terminal. */
export function brief(value: unknown): string {
  if (typeof value === "string") {
    const [start] = value.slice(0, LONGEST).split(/[\r\n\u2028\u2029]/, 1);
    return printable(JSON.stringify(start.length < value.length ? `${start}…` : start));
  }
  const json =
    typeof value === "number" ? `${value}` : (JSON.stringify(value) as string | undefined);
  if (json === undefined) return "nothing"; // as JSON has it
  return printable(json.length > LONGEST ? `${json.slice(0, LONGEST)}…` : json);
}

/** Text of a file for a message: as it stands where it is a short word that says nothing else, else quoted. */
export const word = (text: string): string =>
  /^(?!(undefined|null|NaN|nothing)$)[\w./+-]{1,60}$/.test(text) ? text : brief(text);

/** What JSON.parse would let pass. A walk over brackets and names, since a parser that descends is what is to be spared. */
function fault(text: string): string | undefined {
  /** By level the names of an object so far; an array has none. */
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case "{":
      case "[":
        if (open.push(text[at] === "{" ? new Set() : undefined) > MOST_LEVELS)
          return `expected JSON of at most ${MOST_LEVELS} levels, got more`;
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case '"': {
        const end = endOfString(text, at);
        const names = open.at(-1);
        if (names && isName(text, end)) {
          const name = unescaped(text.slice(at, end));
          if (names.has(name))
            return `expected every name once in an object, got ${brief(name)} twice`;
          names.add(name);
        }
        at = end - 1;
      }
    }
  }
  return undefined;
}

/** Past the closing quote of the string that opens at `from`. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let slashes = 0;
    while (text[at - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
}

function isName(text: string, at: number): boolean {
  while (" \t\r\n".includes(text[at] ?? ":")) at++;
  return text[at] === ":";
}

/** Two spellings are one name. */
function unescaped(quoted: string): string {
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted; // which the parser is to refuse
  }
}
