/**
 * Settings described once: what may be set, what it may be, what it means. Flags, their checks and messages, help, the checks
 * of what files say (setting-values.ts) and a page's controls are all made of these descriptions.
 */
import { ARMS } from "./records.ts";

interface Described {
  /** What it sets, as a line of help. */
  readonly help: string;
  /** What a page calls it (default: its name in words). */
  readonly label?: string;
  /** What follows the value when it is shown, "%" or "images". */
  readonly unit?: string;
  /** What the value is multiplied by to be shown, and divided by when it is given (default 1). */
  readonly scale?: number;
  /** False for what only presets set; else the flag is made of the name, or this is its name. */
  readonly flag?: false | string;
  /** What messages suggest, as a flag takes it. */
  readonly example?: string;
  /** May be changed when a run goes on. What that does to the rest of the run, as a sentence; "" where it goes without saying. */
  readonly changes?: string;
  /** It says how long a run is, on the axis of its sheet. */
  readonly length?: true;
  /** Most people turn it: a page shows it before others. */
  readonly first?: true;
  /** Not every configuration has it. */
  readonly optional?: boolean;
}
/** What may be set, by kind. */
export type Setting = Described &
  (
    | { readonly type: "whole"; readonly least: number; readonly most: number }
    | { readonly type: "number"; readonly least: number; readonly most: number }
    /** Above 0. */
    | { readonly type: "positive"; readonly most: number }
    | { readonly type: "choice"; readonly choices: readonly string[] }
    | { readonly type: "switch" }
    /** A file or a folder. */
    | { readonly type: "path" }
    /** A name of the user's own, e.g. of a column. */
    | { readonly type: "text" }
    /** What data decide: a value of a form of its own, for which there is no flag. */
    | {
        readonly type: "found";
        readonly schema: SchemaOf<unknown>;
        /** A value that fits the schema, in a few words. */
        readonly tell: (value: unknown) => string;
      }
    /** Different values of one kind, at least one. */
    | { readonly type: "list"; readonly of: Setting }
    | { readonly type: "group"; readonly of: Settings }
    /** Values of one kind by keys of which each may be missing. */
    | { readonly type: "by"; readonly keys: readonly string[]; readonly of: Setting }
  );
/** By their names in a configuration. */
export type Settings = Readonly<Record<string, Setting>>;

/** What no setting needs more of, and products of it are still numbers. */
const LARGEST = 1e100;
export const MOST_CHARACTERS = 200;

type Options = Partial<Described>;
/** A whole number from `least` to `most`. */
export const whole = (
  help: string,
  {
    least = 1,
    most = Number.MAX_SAFE_INTEGER,
    ...rest
  }: Options & { readonly least?: number; readonly most?: number } = {},
): Setting => ({ type: "whole", help, least, most, ...rest });
/** From `least` to `most`, both included. */
export const number = (
  help: string,
  {
    least = 0,
    most = 1,
    ...rest
  }: Options & { readonly least?: number; readonly most?: number } = {},
): Setting => ({ type: "number", help, least, most, ...rest });
/** A number above 0. */
export const positive = (
  help: string,
  { most = LARGEST, ...rest }: Options & { readonly most?: number } = {},
): Setting => ({ type: "positive", help, most, ...rest });
/** One of several words. */
export const choice = (help: string, choices: readonly string[], rest: Options = {}): Setting => ({
  type: "choice",
  help,
  choices,
  ...rest,
});
/** True or false. */
export const onOff = (help: string, rest: Options = {}): Setting => ({
  type: "switch",
  help,
  ...rest,
});
/** A file or a folder. */
export const place = (help: string, rest: Options = {}): Setting => ({
  type: "path",
  help,
  ...rest,
});
export const text = (help: string, rest: Options = {}): Setting => ({
  type: "text",
  help,
  ...rest,
});
/** What zod/mini makes, as far as it is to be seen from here. */
interface SchemaOf<T> {
  readonly _zod: { readonly output: T };
}
/** `tell` says a value that fits the schema in a few words. */
export const found = <T>(
  help: string,
  schema: SchemaOf<T>,
  tell: (value: T) => string,
): Setting => ({
  ...{ type: "found", help, schema, flag: false, optional: true },
  tell: tell as (value: unknown) => string, // of what has passed the schema
});
/** Several different values of one kind. */
export const list = (help: string, of: Setting, rest: Options = {}): Setting => ({
  type: "list",
  help,
  of,
  ...rest,
});
/** Settings under one name. */
export const group = (help: string, of: Settings, rest: Options = {}): Setting => ({
  type: "group",
  help,
  of,
  flag: false,
  ...rest,
});
export const by = (
  help: string,
  keys: readonly string[],
  of: Setting,
  rest: Options = {},
): Setting => ({
  type: "by",
  help,
  keys,
  of,
  flag: false,
  ...rest,
});

/** What every experiment has; each may describe one of these in words of its own. */
export const common: Readonly<Record<"arms" | "seeds" | "lr" | "lrOf" | "threads", Setting>> = {
  arms: list("the arms to compare", choice("an arm", ARMS, { example: "weight" })),
  seeds: list(
    "one seed, or several to see how much chance matters, e.g. 1,2,3",
    whole("a seed", { least: 0, example: "1" }),
    { flag: "seed", first: true },
  ),
  lr: list("learning rate", positive("a learning rate", { example: "0.001" }), {
    ...{ changes: "", first: true },
  }),
  lrOf: by(
    "learning rates of arms that have their own",
    ARMS,
    list("rates", positive("a learning rate")),
    { optional: true },
  ),
  threads: whole("threads for the runtime", { most: 256, example: "2" }),
};

/** "--batch-size", or undefined for what has no flag. */
export function flagOf(name: string, { flag }: Setting): string | undefined {
  if (flag === false) return undefined;
  return `--${flag ?? name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
}

const upTo = (most: number, none: number): string => (most === none ? "" : ` and at most ${most}`);

/** What a setting may be, as messages say it: "a whole number of at least 1". */
export function expectation(setting: Setting): string {
  switch (setting.type) {
    case "whole":
      return `a whole number of at least ${setting.least}${upTo(setting.most, Number.MAX_SAFE_INTEGER)}`;
    case "number":
      return `a number from ${setting.least} to ${setting.most}`;
    case "positive":
      return `a finite number above 0${upTo(setting.most, LARGEST)}`;
    case "choice":
      return `one of ${setting.choices.join(", ")}`;
    case "switch":
      return "true or false";
    case "path":
      return "a path";
    case "text":
      return `a name of at most ${MOST_CHARACTERS} characters`;
    case "found":
      return "what the data decided";
    case "list":
      return `different values, each ${expectation(setting.of)}`;
    case "group":
      return `an object with ${Object.keys(setting.of).join(", ")}`;
    case "by":
      return `an object whose keys are of ${setting.keys.join(", ")}`;
  }
}

/** What people call a setting: "batch size" for batchSize. */
export const words = (name: string): string =>
  name.replace(/^lr/, "learning rate").replaceAll(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);

/** A value as its flag takes it: what `valueOf` reads. */
export function typed(setting: Setting, value: unknown): string {
  if (Array.isArray(value))
    return value.map((x) => typed(setting.type === "list" ? setting.of : setting, x)).join(",");
  if (typeof value !== "number") return typeof value === "string" ? value : told(setting, value);
  return String(Number((value * (setting.scale ?? 1)).toPrecision(12)));
}

/** A value as people read it: in its unit, lists and records taken apart. */
export function told(setting: Setting | undefined, value: unknown): string {
  if (value === undefined || value === null) return "\u2013";
  if (setting?.type === "found") return setting.tell(value);
  if (Array.isArray(value))
    return value.map((x) => told(setting?.type === "list" ? setting.of : setting, x)).join(", ");
  if (typeof value === "object")
    return Object.entries(value)
      .map(([key, inner]) => {
        const described =
          setting?.type === "group"
            ? setting.of[key]
            : setting?.type === "by"
              ? setting.of
              : undefined;
        return `${words(key)} ${told(described, inner)}`;
      })
      .join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return typeof value === "string" ? value : typeof value;
  const shown = Number((value * (setting?.scale ?? 1)).toPrecision(6));
  const unit = setting?.unit ?? "";
  return `${Math.abs(shown) >= 10_000 ? shown.toLocaleString("en-US") : shown}${unit === "" || unit === "%" ? unit : ` ${unit}`}`;
}
