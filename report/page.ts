/** The parts that pages of reports are made of: one file that needs nothing else, no network, no scripts. */
import type { Arm, Results } from "../runs/records.ts";
import { STYLE } from "./style.ts";
import { capital } from "./words.ts";

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

interface Shown {
  readonly arm: Arm;
  readonly name: string;
  readonly caption: string;
  readonly data: string;
}

/** Only these are ever shown, whatever a map of pictures holds. */
const DATA = /^data:image\/(png|gif);base64,[A-Za-z0-9+/=]*$/;

/** Pictures, as data URIs by file, the arms of one kind of picture beside each other; of several seeds the first that has any. */
export function pictureSection(
  { sheet, arms }: Results,
  found: ReadonlyMap<string, string>,
): string {
  const all = (Object.entries(arms) as [Arm, (typeof arms)[Arm] & object][]).flatMap(
    ([arm, { runs }]): readonly Shown[] => {
      const ofRuns = runs.map((run) =>
        run.pictures.flatMap(({ name, caption, file }): readonly Shown[] => {
          const data = found.get(file);
          return data !== undefined && DATA.test(data) ? [{ arm, name, caption, data }] : [];
        }),
      );
      return ofRuns.find((pictures) => pictures.length > 0) ?? [];
    },
  );
  if (all.length === 0) return "";
  const rows = [...new Set(all.map(({ name }) => name))].map((kind) => {
    const ofKind = all.filter(({ name }) => name === kind);
    const shared = ofKind.every((p) => p.caption === ofKind[0].caption);
    const note = shared ? `\n<p class="note">${escape(ofKind[0].caption)}</p>` : "";
    const images = ofKind.map(
      ({ arm, caption, data }) =>
        `<figure class="picture"><img alt="${escape(`${kind} of ${arm}: ${caption}`)}" src="${escape(data)}"><figcaption>${escape(shared ? arm : `${arm}: ${caption}`)}</figcaption></figure>`,
    );
    return `<h3>${escape(capital(kind))}</h3>${note}\n<div class="pictures">${images.join("")}</div>`;
  });
  return section(sheet.pictures, rows);
}

/** A heading and what stands below it; nothing where that is nothing. */
export function section(title: string, parts: readonly string[]): string {
  const there = parts.filter((part) => part !== "");
  return there.length === 0
    ? ""
    : `<section>\n<h2>${escape(title)}</h2>\n${there.join("\n")}\n</section>`;
}

export const figure = (svg: string, { title, text }: { title: string; text: string }): string =>
  `<figure>
<div class="scroll" role="img" aria-label="${escape(title)}">${svg}</div>
<figcaption><strong>${escape(title)}.</strong> ${escape(text)}</figcaption>
</figure>`;

export const table = (
  head: readonly string[],
  body: readonly string[],
  { isNarrow = false }: { readonly isNarrow?: boolean } = {},
): string =>
  `<div class="scroll"><table${isNarrow ? ' class="narrow"' : ""}>
<thead><tr>${head.map((cell) => `<th scope="col">${escape(cell)}</th>`).join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table></div>`;

/** The name of an arm beside its colour. */
export const armCell = (arm: Arm): string =>
  `<th scope="row"><span class="key ${arm.replace("+", "-and-")}"></span>${escape(arm)}</th>`;

/** A row of numbers of an arm. */
export const armRow = (arm: Arm, cells: readonly string[]): string =>
  `<tr>${armCell(arm)}${cells.map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`;

export const note = (text: string): string =>
  text === "" ? "" : `<p class="note">${escape(text)}</p>`;

export const definitions = (
  title: string,
  entries: readonly (readonly [name: string, value: string])[],
): string =>
  entries.length === 0
    ? ""
    : `<div><h3>${escape(title)}</h3><dl>
${entries.map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`).join("\n")}
</dl></div>`;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c]);
