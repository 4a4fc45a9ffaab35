/** What lies in a run's folder and is read again: configurations, and records in all formats that there have been. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { experiments, findExperiment } from "../../experiments/index.ts";
import { findingsOf, reportOf, resultsTable, tableOf } from "../../report/index.ts";
import { resultsFrom, runIn } from "../../runs/folder/index.ts";
import { hash, keyOf } from "../../src/index.ts";
import type { Target } from "./targets.ts";

const FIXTURES = join(import.meta.dirname, "..", "..", "test", "fixtures", "earlier");
const KEPT = join(import.meta.dirname, "..", "..", "experiments");

/** Fewer points of curves: most damage would fall on them. */
function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 4).map(shortened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shortened(inner)]));
}
const sample = (...path: readonly string[]): Uint8Array => {
  const value = JSON.parse(readFileSync(join(...path), "utf8")) as unknown;
  return Buffer.from(JSON.stringify(shortened(value)));
};
const text = (file: Uint8Array): string => Buffer.from(file).toString("utf8");

/** Whatever was read can be shown; drawing takes a while, so of every fiftieth. */
async function show(file: Uint8Array, where: string): Promise<void> {
  const results = await resultsFrom(text(file), where, findExperiment);
  findingsOf(results);
  tableOf(results);
  resultsTable(results);
  const key = keyOf("drawn");
  const sum = file.reduce((total, byte, i) => total + hash(byte + 256 * i, key), 0);
  if (sum % 50 !== 0) return;
  const { html } = await reportOf(results);
  if (/<script|undefined|\[object/.test(html))
    throw new Error(`${where}: a page with more than its data`);
}

/** Today's records, made of those from before. */
async function today(file: Uint8Array): Promise<Uint8Array> {
  return Buffer.from(JSON.stringify(await resultsFrom(text(file), "sample", findExperiment)));
}

export async function folderTargets(): Promise<readonly Target[]> {
  const configs = ["mnist-unfinished", "vae-finished", "draw-unfinished"];
  const minibatch = [
    sample(FIXTURES, "mnist-finished", "results.json"),
    sample(FIXTURES, "results-diverged", "results.json"),
    sample(FIXTURES, "mnist-grid-finished", "results.json"),
    sample(FIXTURES, "vae-finished", "results.json"),
  ];
  const isThere = "dqn" in experiments;
  if (isThere) configs.push("dqn-unfinished");
  const agents = isThere
    ? [
        sample(FIXTURES, "dqn-finished", "results.json"),
        sample(KEPT, "dqn", "results", "breakout", "results.json"),
      ]
    : [];
  return [
    {
      name: "config.json",
      samples: configs.map((name) => sample(FIXTURES, name, "config.json")),
      parse: (file, where) => runIn(text(file), where, findExperiment),
    },
    { name: "results.json from before", samples: minibatch, parse: show },
    ...(isThere
      ? [{ name: "results.json of agents from before", samples: agents, parse: show }]
      : []),
    {
      name: "results.json",
      samples: await Promise.all([...minibatch, ...agents].map(today)),
      parse: show,
    },
  ];
}
