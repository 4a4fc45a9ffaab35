/** Values of controls as text: what a field shows and takes, and what the page's address says, are written as flags are. */
import { typed, type Setting } from "../../runs/settings.ts";
import { valueOf } from "../../runs/setting-values.ts";
import type { Control } from "../worker/protocol.ts";

/** A value, nothing where the text is empty, or what is wrong with it. */
export type Parsed = { readonly value: unknown } | { readonly problem: string };

/** What a control's text stands for; an empty one leaves the choice to whoever presets it. */
export function parsed(control: Control, text: string): Parsed {
  if (text.trim() === "") return { value: undefined };
  const isSwitch = control.type === "switch";
  if (isSwitch && /^(true|false)$/.test(text)) return { value: text === "true" };
  const found = valueOf(control.name, settingOf(control), text);
  if ("value" in found) return found;
  const { expected, got } = found.unfit;
  const advice = isSwitch ? "write true or false" : found.unfit.advice;
  return { problem: `${control.label}: expected ${expected}, got "${cut(got)}"; ${advice}` };
}

/** What somebody wrote, as a message repeats it. */
export const cut = (text: string): string =>
  text.length > MOST_REPEATED ? `${text.slice(0, MOST_REPEATED)}\u2026` : text;
const MOST_REPEATED = 60;

/** A value as its control's text; empty for nothing. */
export const textOf = (control: Control, value: unknown): string =>
  value === undefined || value === null || value === Infinity
    ? ""
    : typeof value === "boolean"
      ? String(value)
      : typed(settingOf(control), value);

/** A value with its unit beside it says it all: "%" or "images". */
export const unitOf = ({ unit = "" }: Control): string => unit;

function settingOf(control: Control): Setting {
  const one = oneOf(control);
  return control.many ? { type: "list", help: control.help, of: one } : one;
}

function oneOf({ type, help, scale, choices = [], ...control }: Control): Setting {
  const { least = type === "whole" ? Number.MIN_SAFE_INTEGER : -Infinity } = control;
  const { most = type === "whole" ? Number.MAX_SAFE_INTEGER : Number.MAX_VALUE } = control;
  switch (type) {
    case "whole":
    case "number":
      return { type, help, scale, least, most };
    case "positive":
      return { type, help, scale, most };
    case "choice":
      return { type, help, choices };
    case "switch":
    case "text":
      return { type, help };
  }
}
