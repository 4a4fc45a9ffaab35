/**
 * The sources as JavaScript, for what tests start as processes of their own: tsx costs each of them most of a second, and there are some two hundred.
 * Vitest calls it once before all tests, and again before it repeats some; only sources that changed are made anew.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import type { TestProject } from "vitest/node";

const root = join(import.meta.dirname, "..");
const to = join(root, "node_modules", ".cache", `transpiled-${ts.version}`);
const sources = [
  ...["src", "runs", "report", "experiments", "serve", "cluster", "cli", "bench"],
  join("test", "cluster", "programs"),
];
const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
  inlineSourceMap: true, // for whoever runs one with --enable-source-maps
};

/** Says to tests where it is, by an environment variable that bench/processes.ts reads. */
export default function transpiled(project?: TestProject): void {
  const files = ["package.json", "index.ts", "node.ts"].concat(
    sources.flatMap((folder) =>
      filesIn(join(root, folder))
        .filter((file) => /(?<!\.d)\.ts$|\.bin$/.test(file))
        .map((file) => join(folder, file)),
    ),
  );
  for (const file of files) make(join(root, file), join(to, made(file)));
  const known = new Set(files.map(made));
  for (const file of filesIn(to))
    if (file.endsWith(".js") && !known.has(file)) rmSync(join(to, file), { force: true }); // its source is gone
  process.env["WEIGHTNORM_TRANSPILED"] = to;
  project?.onTestsRerun(() => transpiled());
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" });
const made = (file: string): string => file.replace(/\.ts$/, ".js");

/** Whole or not at all, since other tests may start meanwhile, and with the time of its source, by which a change is told. */
function make(from: string, file: string): void {
  const { atime, mtime } = statSync(from);
  if (statSync(file, { throwIfNoEntry: false })?.mtime.getTime() === mtime.getTime()) return;
  mkdirSync(dirname(file), { recursive: true });
  const part = `${file}.${process.pid}`;
  writeFileSync(part, from.endsWith(".ts") ? javascript(from) : readFileSync(from));
  utimesSync(part, atime, mtime);
  renameSync(part, file);
}

const javascript = (from: string): string =>
  ts.transpileModule(readFileSync(from, "utf8"), { compilerOptions, fileName: from }).outputText;
