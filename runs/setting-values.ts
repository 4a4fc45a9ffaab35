/** What checks the values of settings: those of flags, of files and of whole configurations. */
import * as z from "zod/mini";
import { expectation, MOST_CHARACTERS, typed, type Setting, type Settings } from "./settings.ts";

const MOST_VALUES = 1000;

/** What checks a value, e.g. one that stands in a file. */
export function schemaOf(setting: Setting): z.ZodMiniType {
  switch (setting.type) {
    case "whole":
      return z.int().check(z.minimum(setting.least), z.maximum(setting.most));
    case "number":
      return z.number().check(z.minimum(setting.least), z.maximum(setting.most));
    case "positive":
      return z.number().check(z.positive(), z.maximum(setting.most));
    case "choice":
      return z.enum(setting.choices as [string, ...string[]]);
    case "switch":
      return z.boolean();
    case "path":
      return z.string().check(z.minLength(1));
    case "text":
      return z.string().check(z.minLength(1), z.maxLength(MOST_CHARACTERS));
    case "found":
      return setting.schema as z.ZodMiniType;
    case "list":
      return z.array(schemaOf(setting.of)).check(
        z.minLength(1),
        z.maxLength(MOST_VALUES),
        z.refine((all) => new Set(all).size === all.length, "every value once"),
      );
    case "group":
      return objectOf(setting.of);
    case "by":
      return z.partialRecord(z.enum(setting.keys as [string, ...string[]]), schemaOf(setting.of));
  }
}

/** What checks a whole configuration: everything that is described and nothing else. */
export const objectOf = (settings: Settings): z.ZodMiniType =>
  z.strictObject(
    Object.fromEntries(
      Object.entries(settings).map(([name, setting]) => {
        const schema = schemaOf(setting);
        return [name, setting.optional ? z.optional(schema) : schema];
      }),
    ),
  );

/** The value that a flag's text stands for; undefined where it stands for none. Not yet checked for its range. */
function parsed(setting: Setting, text: string): unknown {
  switch (setting.type) {
    case "whole":
    case "number":
    case "positive":
      return text.trim() === "" ? undefined : Number(text) / (setting.scale ?? 1);
    default:
      return text;
  }
}

/** What is wrong with a flag's text, in the parts that messages are made of. */
export interface Unfit {
  readonly expected: string;
  readonly got: string;
  readonly advice: string;
}

/** The value of a flag's text, or what is wrong with it. */
export function valueOf(
  flag: string,
  setting: Setting,
  text: string,
): { readonly value: unknown } | { readonly unfit: Unfit } {
  if (setting.type === "list") {
    const items = text.split(",").map((item) => valueOf(flag, setting.of, item.trim()));
    const bad = items.find((item) => "unfit" in item);
    if (bad) return bad;
    const values = items.map((item) => ("value" in item ? item.value : undefined));
    const twice = values.find((v, i) => values.indexOf(v) !== i);
    return twice === undefined
      ? { value: values }
      : {
          unfit: {
            expected: "every value once",
            got: text,
            advice: `remove one ${typed(setting.of, twice)}`,
          },
        };
  }
  const { success, data } = schemaOf(setting).safeParse(parsed(setting, text));
  if (success) return { value: data };
  const fallback = setting.type === "choice" ? setting.choices[0] : "1";
  return {
    unfit: {
      expected: expectation(setting),
      got: text,
      advice: `try ${flag} ${setting.example ?? fallback}`,
    },
  };
}
