/** Every public function and constant is used in an example that somebody may copy. */
import { expect, test } from "vitest";
import * as main from "../index.ts";
import * as node from "../node.ts";
import * as runs from "../runs/index.ts";
import * as web from "../src/web.ts";
import { guide, readme } from "./documents.ts";
import { filesIn, textOf } from "./source.ts";

/** Code of the README, of the guide and of examples. */
const code = [
  readme.own,
  readme.loop,
  ...guide.flatMap((document) => document.code.map(({ text }) => text)),
  ...filesIn("examples").map(textOf),
]
  .join("\n")
  .replaceAll(/^import [^]*?;$/gm, "")
  .replaceAll("...", "")
  .replaceAll(/\s+\./g, ".");
/** Calls in the docstrings of the sources: `f(...)` between backticks. */
const said = ["src", "runs"]
  .flatMap(filesIn)
  .flatMap((file) => textOf(file).match(/\/\*\*[^]*?\*\//g) ?? [])
  .flatMap((comment) => comment.match(/`[^`]+\([^`]*`/g) ?? [])
  .join("\n");

test.each<readonly [string, string, object]>([
  ["weightnorm", "", main],
  ["weightnorm/node", "", node],
  ["weightnorm/web", "", web],
  ["weightnorm/runs", "", runs],
  ["weightnorm, ops", String.raw`ops\.`, main.ops],
])("of %s", (entry, before, exports) => {
  /** Called, or handed on; neither the name of a property nor that of a type. */
  const uses = (name: string): boolean =>
    [
      new RegExp(String.raw`(?<![\w.])(?:\w+\.)?${before}${name}[(<]`),
      new RegExp(String.raw`(?<![\w."]|: )(?:\w+\.)?${before}${name}(?![\w"(:]|\?:)`),
    ].some((pattern) => pattern.test(code)) || new RegExp(String.raw`(?<!\w)${name}\(`).test(said);
  const without = Object.keys(exports).filter((name) => !uses(name));
  expect(
    without,
    `${entry}: no example uses these; give each a line in docs/guide (${before === "" ? "layers.md, inside.md or files.md" : "ops.md"}), or a call in a docstring`,
  ).toEqual([]);
});
