/** Processes of ours, as benches and tests start, count and await them. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, "..");
/** Where scripts/transpiled.ts has left our sources as JavaScript, in tests. */
const transpiled = process.env["WEIGHTNORM_TRANSPILED"];

/** What has Node run TypeScript. Not tsx's own command, whose process would take the signals instead. */
export const TSX: readonly string[] = ["--import", pathToFileURL(require.resolve("tsx")).href];
/** A file of our sources, by its path from the root, as `node ...NODE_FLAGS` runs it. */
export const programAt = (file: string): string =>
  transpiled === undefined ? join(root, file) : join(transpiled, file.replace(/\.ts$/, ".js"));
export const NODE_FLAGS: readonly string[] = transpiled === undefined ? TSX : [];
/** What comes after `node` to run the command line. */
export const COMMAND_LINE: readonly string[] = [...NODE_FLAGS, programAt("cli/main.ts")];

const textAt = (path: string): string | undefined => {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined; // gone, or not Linux
  }
};

/** The processes that a process has started. */
export const childrenOf = (pid: number): readonly number[] =>
  (textAt(`/proc/${pid}/task/${pid}/children`) ?? "").split(" ").filter(Boolean).map(Number);

/** Whether a process ends within so many milliseconds. */
export async function isGone(pid: number, within: number): Promise<boolean> {
  for (let waited = 0; waited < within; waited += 100) {
    const stat = textAt(`/proc/${pid}/stat`);
    if (stat === undefined || /\) [ZX] /.test(stat)) return true;
    await new Promise((go) => setTimeout(go, 100));
  }
  return false;
}
