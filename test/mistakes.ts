/** Mistakes of plain JavaScript and what is said of them. */
import { expect } from "vitest";
import * as wn from "../src/index.ts";

/** As JavaScript sees it: anything may be given to anything. */
export type Loose = (...args: readonly unknown[]) => Loose;
export const loose = (f: unknown): Loose => f as Loose;
export const any: Readonly<Record<string, Loose>> = Object.fromEntries(
  Object.entries(wn).map(([name, f]) => [name, loose(f)]),
);
export const ops: Readonly<Record<string, Loose>> = Object.fromEntries(
  Object.entries(wn.ops).map(([name, f]) => [name, loose(f)]),
);

const said = (mistakes: Readonly<Record<string, () => unknown>>): string =>
  Object.entries(mistakes)
    .map(([code, mistake]) => {
      try {
        mistake();
      } catch (error) {
        return `${code}\n  ${(error as Error).message}`;
      }
      return `${code}\n  (nothing)`;
    })
    .join("\n");
/** Every message is of the house's form, and none is the language's own. */
export function expectMessages(mistakes: Readonly<Record<string, () => unknown>>): {
  toMatchInlineSnapshot(snapshot?: string): void;
} {
  const text = said(mistakes);
  for (const line of text.split("\n").filter((_, i) => i % 2 === 1))
    expect(line).toMatch(/^ {2}[\w: .]+: .*got .+; ./);
  expect(text).not.toMatch(/Cannot read|Cannot destructure|is not a function|is not iterable/);
  return expect(`\n${text}\n`);
}
