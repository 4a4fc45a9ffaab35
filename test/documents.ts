/** The code of README.md and docs/guide, as tests take it out: what a reader would save, type-checked and run. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import ts from "typescript";
import { root } from "./source.ts";

/** What the package exports under which name, by the file that it is made of. */
export const ENTRIES: Readonly<Record<string, string>> = {
  weightnorm: "index.ts",
  "weightnorm/node": "node.ts",
  "weightnorm/web": "src/web.ts",
  "weightnorm/runs": "runs/index.ts",
};

export interface Code {
  /** `worker.ts` where the block begins with `// worker.ts`; a name of the document's own otherwise. */
  readonly file: string;
  readonly text: string;
}
export interface Document {
  /** From the root, e.g. "docs/guide/images.md". */
  readonly path: string;
  /** Its programs: blocks without a name of their own are one program, in order. */
  readonly code: readonly Code[];
  /** What it says that its program prints. */
  readonly printed: string;
}

const blocksOf = (markdown: string, language: string): readonly string[] =>
  [...markdown.matchAll(/```(\w*)\n([^]*?)```/g)].flatMap(([, of, text]) =>
    of === language ? [text] : [],
  );
const ownName = /^\/\/ ([\w-]+\.ts)\n/;

export function documentAt(path: string): Document {
  const markdown = readFileSync(join(root, path), "utf8");
  const blocks = blocksOf(markdown, "ts");
  const program = blocks.filter((block) => !ownName.test(block)).join("\n");
  const named = blocks.flatMap((text): Code[] => {
    const file = ownName.exec(text)?.[1];
    return file === undefined ? [] : [{ file, text }];
  });
  const main = program === "" ? [] : [{ file: `${basename(path, ".md")}.ts`, text: program }];
  return { path, code: [...main, ...named], printed: blocksOf(markdown, "text").join("") };
}

export const guide: readonly Document[] = readdirSync(join(root, "docs/guide"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => documentAt(join("docs/guide", name)));

/** The README's programs: how to train on own data and how to predict, and a training loop of one's own. */
export const readme: { readonly own: string; readonly loop: string } = (() => {
  const [fit = "", predict = "", loop = ""] = blocksOf(
    readFileSync(join(root, "README.md"), "utf8"),
    "ts",
  );
  return { own: `${fit}${predict}`, loop };
})();

/** A new folder within the project, where its dependencies are found; not within node_modules, where nothing is transformed. */
export function workshop(name: string): string {
  mkdirSync(join(root, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(root, ".cache", `${name}-`));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  return folder;
}

/** Writes a program that imports the package's sources where it imported the package. */
export function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const imports = Object.entries(ENTRIES).reduce(
    (code, [name, entry]) =>
      code.replaceAll(`from "${name}"`, `from "${relative(dirname(path), join(root, entry))}"`),
    text,
  );
  writeFileSync(path, imports);
}

/** Runs a program of the folder in this process: what it says on the console. */
export async function said(path: string): Promise<string> {
  const lines: string[] = [];
  const log = console.log;
  console.log = (...args: readonly unknown[]): void => void lines.push(format(...args));
  try {
    await import(pathToFileURL(path).href);
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}

/**
 * What TypeScript says of programs in a folder: "" where nothing is wrong. What they import is checked as far as they
 * use it: `npm test` checks the package itself by `tsc`.
 */
export function typeErrors(
  folder: string,
  files: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): string {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")) as {
    readonly compilerOptions: Record<string, unknown>;
  };
  const own = { isolatedDeclarations: false, declaration: false, rootDir: root, ...more };
  const { options, fileNames, errors } = ts.parseJsonConfigFileContent(
    { compilerOptions: { ...compilerOptions, ...own }, files },
    ts.sys,
    folder,
  );
  const program = ts.createProgram(fileNames, options);
  const diagnostics = [
    ...[...errors, ...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()],
    ...fileNames.flatMap((name) => {
      const source = program.getSourceFile(name);
      return [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ];
    }),
  ];
  return ts.formatDiagnostics(diagnostics, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => folder,
    getNewLine: () => "\n",
  });
}
