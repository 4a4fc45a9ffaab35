/** Processes of ours, as benches and tests start, count and await them. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
/** What has Node run TypeScript. Not tsx's own command, whose process would take the signals instead. */
export const TSX: readonly string[] = ["--import", pathToFileURL(require.resolve("tsx")).href];
/** The command line. */
export const MAIN: string = join(import.meta.dirname, "..", "cli", "main.ts");

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
