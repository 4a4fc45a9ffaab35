/** The report's inks, arms and font as custom properties of the page, light and dark: colours have one place. */
import { ARM_STYLE, FONT, INK } from "../../report/theme.ts";
import type { Arm } from "../../runs/records.ts";

/** An arm as a class: "arm-weight-mean-only". Whatever has it finds the arm's colour in `--arm`. */
export const armClass = (arm: Arm): string => `arm arm-${arm.replace("+", "-and-")}`;

/** Adopts the colours, which needs no style in the page's HTML, as its policy allows none. */
export function adoptTheme(page: Document): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    `:root{--font:${FONT};${inks("color")}}${arms("color")}` +
      `@media (prefers-color-scheme:dark){:root{${inks("dark")}}${arms("dark")}}`,
  );
  page.adoptedStyleSheets = [...page.adoptedStyleSheets, sheet];
}

const inks = (scheme: "color" | "dark"): string =>
  Object.entries(INK)
    .map(([name, ink]) => `--${name}:${ink[scheme]};`)
    .join("");

const arms = (scheme: "color" | "dark"): string =>
  Object.entries(ARM_STYLE)
    .map(([arm, style]) => `.${armClass(arm as Arm).replace(" ", ".")}{--arm:${style[scheme]}}`)
    .join("");
