/** `weightnorm report`: the pictures and the table again, from results.json. */
import { resolve } from "node:path";
import { shown } from "./paths.ts";
import { resultsTable, writeReport } from "./report/index.ts";
import { readResults } from "./run-folder.ts";

export async function report(dir: string, { json = false }: { readonly json?: boolean }): Promise<void> {
  const results = await readResults(resolve(dir));
  const { html } = await writeReport(resolve(dir), results);
  process.stdout.write(json ? `${JSON.stringify(results)}\n` : `${resultsTable(results)}\n${shown(html)}\n`);
}
