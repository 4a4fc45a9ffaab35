/** Two sweeps of the same plan: is every trial of the one, to the last bit, that of the other? */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Manifest } from "../../cluster/sweep/manifest.ts";
import type { TrialResult } from "../../cluster/sweep/files.ts";
import { isTemporary, loadCheckpoint } from "../../src/node/index.ts";

const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, "utf8"));

/** What is not as it should be, each in a line: results that lack or differ, trials that were done twice, files left over. */
export async function differences(dir: string, serial: string): Promise<readonly string[]> {
  const { trials } = (await json(join(dir, "sweep.json"))) as Manifest;
  const wanted = trials.map(({ id }) => `${id}.json`);
  const there = (await readdir(join(dir, "results"))).filter((name) => !isTemporary(name)); // of who was killed
  const faults = [
    ...wanted.filter((name) => !there.includes(name)).map((name) => `${name}: no result`),
    ...there.filter((name) => !wanted.includes(name)).map((name) => `${name}: of no trial`),
  ];
  for (const { id } of trials) {
    if (!there.includes(`${id}.json`)) continue;
    const [one, other] = await Promise.all([dir, serial].map((folder) => bitsOf(folder, id)));
    for (const part of Object.keys(one) as (keyof Bits)[])
      if (!isDeepStrictEqual(one[part], other[part])) faults.push(`${id}: another ${part}`);
    const ends = await endsOf(dir, id);
    if (ends !== 1) faults.push(`${id}: ended ${ends} times`);
  }
  return faults;
}

interface Bits {
  readonly outcome: unknown;
  readonly measured: unknown;
  readonly checkpoint: unknown;
}

async function bitsOf(dir: string, id: string): Promise<Bits> {
  const result = (await json(join(dir, "results", `${id}.json`))) as TrialResult;
  const { arms, lost } = result.results;
  const folder = join(dir, "trials", id, "checkpoints");
  const checkpoints = (await readdir(folder)).map(async (name) => {
    const { state, step, config } = await loadCheckpoint(join(folder, name));
    const tensors = [...state].map(([key, { dtype, shape, data }]) => {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      return [key, dtype, shape, bytes.toString("base64")];
    });
    return { name, step, config, tensors };
  });
  return {
    outcome: [result.outcome, result.why, lost],
    measured: timeless(arms),
    checkpoint: await Promise.all(checkpoints),
  };
}

/** What a clock told is left out. */
function timeless(x: unknown): unknown {
  if (Array.isArray(x)) return x.map(timeless);
  if (typeof x !== "object" || x === null) return x;
  const entries = Object.entries(x).filter(([key]) => key !== "seconds" && key !== "timing");
  return Object.fromEntries(entries.map(([key, inner]) => [key, timeless(inner)]));
}

/** How often a trial's log says that its run has ended. */
async function endsOf(dir: string, id: string): Promise<number> {
  const log = await readFile(join(dir, "trials", id, "log.jsonl"), "utf8");
  return log.split("\n").filter((line) => /"type":"(finished|lost)"/.test(line)).length;
}
