/** The parts that pages of reports are made of: one file that needs nothing else, no network, no scripts. */
import type { Machine, PictureFile } from "../../experiments/results.ts";
import type { Quantity } from "./curves.ts";
import { STYLE } from "./style.ts";

export interface Page {
  readonly title: string;
  readonly headline: string;
  readonly sentences: readonly string[];
  /** HTML. */
  readonly body: string;
}

/** The whole page; all but its body is escaped. */
export const page = ({ title, headline, sentences, body }: Page): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<p class="kicker">${escape(title)}</p>
<h1>${escape(headline)}</h1>
${sentences.map((sentence) => `<p>${escape(sentence)}</p>`).join("\n")}
</header>
${body}
</main>
</body>
</html>
`;

/** Where it was run. */
export const machineList = (machine: Machine): string =>
  definitions("Machine", [
    ["processor", machine.cpu],
    ["cores", machine.cores],
    ["memory", `${Number(machine.memoryGiB.toFixed(1))} GiB`],
    ["platform", machine.platform],
    ["Node.js", machine.node],
    ["runtime", machine.runtime],
  ]);

/** "2026-07-01 12:30 UTC" */
export const startText = (startedAt: string): string =>
  startedAt.replace(/T(\d\d:\d\d).*Z$/, " $1 UTC");

/** What to look for; section 2.1 of the paper is why. */
const LAYER_FIGURES: readonly { key: Quantity; title: string; text: string }[] = [
  {
    key: "v",
    title: "|v| in each layer",
    text:
      "Look for |v| that only grows in the arms with weight normalization: the gradient of v is at right angles to v, " +
      "so every step of plain gradient descent lengthens it (with Adam or momentum this holds only roughly). " +
      "Without weight normalization v is the weight itself; batch normalization ignores its length, so there it grows for the same reason.",
  },
  {
    key: "g",
    title: "g in each layer",
    text:
      "Look for layers whose g leaves its start: g is the length of the weights, learned apart from their direction. " +
      "Without weight normalization it is |w|, the same curve as |v| above.",
  },
  {
    key: "effectiveStep",
    title: "Effective step lr / |v|² in each layer",
    text:
      "Look for curves that fall and then level off: this is how far a step turns the direction of the weights, " +
      "and as |v| grows it shrinks until it fits, so that a learning rate that was too large heals itself.",
  },
];

export function layerSection(figures: Readonly<Record<Quantity, string | null>>): string {
  if (LAYER_FIGURES.every(({ key }) => figures[key] === null)) return "";
  const shown = LAYER_FIGURES.map(({ key, ...caption }) => {
    const svg = figures[key];
    return svg === null ? "" : figure(svg, caption);
  });
  return `<section>\n<h2>What happens to the weights</h2>\n${shown.join("\n")}\n</section>`;
}

/** Pictures, as data URIs by file, the arms of one kind of picture beside each other. */
export function pictureSection(
  title: string,
  pictures: readonly PictureFile[],
  found: ReadonlyMap<string, string>,
): string {
  const shown = pictures.filter(({ file }) => found.has(file));
  if (shown.length === 0) return "";
  const kinds = [...new Set(shown.map(({ name }) => name))];
  const seed = shown[0].seed; // of several seeds one is enough to look at
  const rows = kinds.map((kind) => {
    const ofKind = shown.filter((p) => p.name === kind && p.seed === seed);
    const shared = ofKind.every((p) => p.caption === ofKind[0].caption);
    const note = shared ? `\n<p class="note">${escape(ofKind[0].caption)}</p>` : "";
    const images = ofKind.map(
      ({ arm, caption, file }) =>
        `<figure class="picture"><img alt="${escape(`${kind} of ${arm}: ${caption}`)}" src="${found.get(file)!}"><figcaption>${escape(shared ? arm : `${arm}: ${caption}`)}</figcaption></figure>`,
    );
    return `<h3>${escape(capital(kind))}</h3>${note}\n<div class="pictures">${images.join("")}</div>`;
  });
  return `<section>\n<h2>${escape(title)}</h2>\n${rows.join("\n")}\n</section>`;
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The drawing is trusted, since `figure.ts` escaped what it shows. */
export const figure = (svg: string, { title, text }: { title: string; text: string }): string =>
  `<figure>
<div class="scroll" role="img" aria-label="${escape(title)}">${svg}</div>
<figcaption><strong>${escape(title)}.</strong> ${escape(text)}</figcaption>
</figure>`;

export const table = (head: readonly string[], body: readonly string[]): string =>
  `<div class="scroll"><table>
<thead><tr>${head.map((cell) => `<th scope="col">${escape(cell)}</th>`).join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table></div>`;

/** The name of an arm beside its colour. */
export const armCell = (arm: string): string =>
  `<th scope="row"><span class="key ${arm.replace("+", "-and-")}"></span>${escape(arm)}</th>`;

export const definitions = (
  title: string,
  entries: readonly (readonly [string, unknown])[],
): string =>
  `<div><h3>${escape(title)}</h3><dl>
${entries.map(([key, value]) => `<dt>${escape(key)}</dt><dd>${escape(written(value))}</dd>`).join("\n")}
</dl></div>`;

/** Settings as people write them: `a, b` for lists, `key: value` for records. */
function written(value: unknown): string {
  if (Array.isArray(value)) return value.map(written).join(", ");
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .map(([key, inner]) => `${key}: ${written(inner)}`)
      .join(", ");
  }
  return String(value);
}

/** `48.2 s`, `3 min 7 s`, `1 h 2 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "\u2013";
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c]);
