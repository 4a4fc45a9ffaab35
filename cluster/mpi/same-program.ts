/** The same program on every rank: machines may have other versions of it, and gradients of two programs are no gradient. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Ranks } from "../../runs/ranks.ts";
import { everyone } from "./ranks.ts";

/** Throws, on all ranks, where one says another text than rank 0: lines of a name, a colon and what it is. */
export function sameProgram(ranks: Ranks, what: string = programText()): void {
  const texts = everyone(ranks, what);
  const other = texts.findIndex((text) => text !== texts[0]);
  if (other < 0) return;
  const others = texts.filter((text) => text !== texts[0]).length - 1;
  throw new Error(
    `ranks: expected one program on all of them, got ${differences(texts[other], texts[0])} on rank ${other} (${ranks.hosts[other]}) against rank 0 (${ranks.hosts[0]})${others > 0 ? `, and others on ${others} more` : ""}; install the same everywhere`,
  );
}

const linesOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split("\n").map((line) => {
      const at = line.indexOf(":");
      return at < 0 ? ["", line] : [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
function differences(text: string, first: string): string {
  const [own, of0] = [linesOf(text), linesOf(first)];
  return [...new Set([...of0.keys(), ...own.keys()])]
    .filter((name) => own.get(name) !== of0.get(name))
    .map((name) =>
      `${name} ${own.get(name) ?? "none"} instead of ${of0.get(name) ?? "none"}`.trim(),
    )
    .join(", ");
}

/** This program: the versions of the package, of Node and of ONNX Runtime, and a hash of the package's own code. */
export function programText(): string {
  return [
    `weightnorm: ${versionOf("../../package.json", "../../../package.json")}`,
    `Node: ${process.version}`,
    `onnxruntime: ${versionOf("onnxruntime-node/package.json")}`,
    `code: ${hashOf(join(import.meta.dirname, "..", ".."))}`,
  ].join("\n");
}

const require = createRequire(import.meta.url);
/** By the first of some paths at which there is one: the source and the built file lie at different depths. */
function versionOf(...paths: readonly string[]): string {
  for (const path of paths)
    try {
      return (require(path) as { readonly version: string }).version;
    } catch {
      continue;
    }
  return "none";
}

/** What trains. */
const ROOMS = ["src", "runs", "experiments", "cluster", "cli"];
function hashOf(root: string): string {
  const hash = createHash("sha256");
  for (const room of ROOMS)
    for (const file of filesIn(join(root, room)))
      hash
        .update(`${room}/${file}\0`)
        .update(readFileSync(join(root, room, file)))
        .update("\0");
  return hash.digest("hex").slice(0, 16);
}
const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.[jt]s$/.test(file) && !file.endsWith(".d.ts"))
    .sort();
