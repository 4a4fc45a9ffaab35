/**
 * The sources as JavaScript, for what tests start as processes of their own: tsx costs each of them most of a second, and there are some two hundred.
 * Vitest calls it once before all tests; only what is newer than its JavaScript is made anew.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
const to = join(root, "node_modules", ".cache", "transpiled");
const folders = ["src", "runs", "report", "experiments", "serve", "cluster", "cli", "bench"];
const programs = join("test", "cluster", "programs");

const timeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
/** As a whole or not at all: other tests may start meanwhile. */
function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}`;
  writeFileSync(part, content);
  renameSync(part, path);
}

/** Says to tests where it is, by an environment variable that bench/processes.ts reads. */
export default async function transpiled(): Promise<void> {
  const files = ["package.json", "index.ts", "node.ts"].concat(
    [...folders, programs].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => /\.(ts|bin)$/.test(file))
        .map((file) => join(folder, file)),
    ),
  );
  const changed = files
    .map((file) => [join(root, file), join(to, file.replace(/\.ts$/, ".js"))] as const)
    .filter(([from, made]) => timeOf(from) >= timeOf(made));
  const { default: ts } = changed.length > 0 ? await import("typescript") : { default: undefined };
  for (const [from, made] of changed)
    write(made, from.endsWith(".ts") ? javascript(readFileSync(from, "utf8")) : readFileSync(from));
  process.env["WEIGHTNORM_TRANSPILED"] = to;

  function javascript(text: string): string {
    const { ScriptTarget, ModuleKind, transpileModule } = ts!;
    return transpileModule(text, {
      compilerOptions: {
        target: ScriptTarget.ES2023,
        module: ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    }).outputText;
  }
}
