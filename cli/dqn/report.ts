/** The report of a comparison of agents. */
import { resolve } from "node:path";
import type { DqnResults } from "../../experiments/dqn/results.ts";
import { readDqnResults } from "../run-folder.ts";

export async function writeDqnReport(_dir: string, _results: DqnResults): Promise<void> {}
export async function printDqnReport(
  dir: string,
  flags: { readonly json?: boolean },
): Promise<void> {
  const results = await readDqnResults(resolve(dir));
  process.stdout.write(
    flags.json
      ? JSON.stringify(results) + "\n"
      : JSON.stringify(results.arms, (k, v) => (k === "curve" ? undefined : (v as unknown)), 1) +
          "\n",
  );
}
