/** `weightnorm report`: the pictures and the table again, from results.json. */
import { resolve } from "node:path";
import type { Results } from "../experiments/results.ts";
import { shown } from "./paths.ts";
import { resultsTable, writeReport } from "./report/index.ts";
import { DQN } from "../experiments/tasks.ts";
import { readConfig, readResults } from "./run-folder.ts";

interface Flags {
  readonly json?: boolean;
}

export async function report(dir: string, flags: Flags): Promise<void> {
  const results = await readResults(resolve(dir));
  const { html } = await writeReport(resolve(dir), results);
  printResults(results, html, flags);
}

/** Whether a folder holds a run of agents, whose report is another; not if it holds none at all. */
export const isOfAgents = (dir: string): Promise<boolean> =>
  readConfig(resolve(dir)).then(
    ({ experiment }) => experiment === DQN,
    () => false,
  );

/** For machines the results, for people the table and, last, where the report is. */
export function printResults(results: Results, html: string, flags: Flags): void {
  const { isTTY, columns } = process.stdout;
  const table = (): string => resultsTable(results, { width: columns || 100, colors: isTTY });
  process.stdout.write(
    flags.json ? `${JSON.stringify(results)}\n` : `${table()}\n${shown(html)}\n`,
  );
}
