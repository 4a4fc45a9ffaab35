/** Values that come from files, checked against a schema: what is wrong is said as everywhere, `where: what, got ...; do ...`. */
import * as z from "zod/mini";
import { brief, printable } from "../src/train/json.ts";

export interface Where {
  /** The file that it stands in, or what else to call it. */
  readonly where: string;
  /** What to do about it. */
  readonly advice: string;
}

/** The value with the type that the schema gives it, or an error about the first thing that is wrong. */
export function checked<T extends z.ZodMiniType>(
  schema: T,
  value: unknown,
  { where, advice }: Where,
): z.infer<T> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw new Error(`${where}: ${told(result.error.issues[0])}; ${advice}`);
}

type Issue = z.core.$ZodIssue;
/** Characters of a place within a file. */
const LONGEST = 100;

function told(issue: Issue): string {
  const place = issue.path.map(String).join(".");
  const at =
    place === ""
      ? ""
      : ` in ${printable(place.length > LONGEST ? `${place.slice(0, LONGEST)}\u2026` : place)}`;
  switch (issue.code) {
    case "invalid_type":
      return `expected ${article(issue.expected)}${at}, got ${brief(issue.input)}`;
    case "unrecognized_keys":
      return `expected nothing but what is described${at}, got ${brief(issue.keys.join(", "))}`;
    case "too_small":
      return `expected ${sized(issue.origin, issue.inclusive === false ? "above" : "at least", String(issue.minimum))}${at}, got ${brief(issue.input)}`;
    case "too_big":
      return `expected ${sized(issue.origin, issue.inclusive === false ? "below" : "at most", String(issue.maximum))}${at}, got ${brief(issue.input)}`;
    case "invalid_value":
      return `expected one of ${issue.values.map(String).join(", ")}${at}, got ${brief(issue.input)}`;
    default:
      return `expected ${issue.message === "Invalid input" ? "something else" : issue.message}${at}, got ${brief(issue.input)}`;
  }
}

const article = (type: string): string =>
  /^[aeiou]/.test(type)
    ? `an ${type}`
    : `a ${type === "record" ? "an object" : type}`.replace("a an", "an");

const sized = (origin: string, how: string, limit: string): string =>
  origin === "string" || origin === "array"
    ? `${how} ${limit} ${origin === "array" ? (limit === "1" ? "entry" : "entries") : "characters"}`
    : `${how} ${limit}`;
