/** All that configuration and seed decide of a run's folder, to the last bit, and nothing that a clock does. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Results } from "../../runs/records.ts";
import { loadCheckpoint } from "../../src/node/index.ts";

export interface Bits {
  /** By run, e.g. "weight-1": what was measured. */
  readonly runs: Readonly<Record<string, unknown>>;
  /** By run: tensors as they are in memory, in base64. */
  readonly checkpoints: Readonly<Record<string, unknown>>;
}

export const readResults = async (dir: string): Promise<Results> =>
  JSON.parse(await readFile(join(dir, "results.json"), "utf8")) as Results;

export async function bitsOf(dir: string): Promise<Bits> {
  const timeless = ({ seconds: _, ...rest }: { readonly seconds: number }): unknown => rest;
  const { arms } = await readResults(dir);
  const runs = Object.entries(arms).flatMap(([arm, { runs: all, lr, grid }]) =>
    all.map(({ seed, points, tests, dead, final }) => ({
      name: grid ? `${arm}-${seed}-lr${lr}` : `${arm}-${seed}`,
      measured: { points: points.map(timeless), tests: tests.map(timeless), dead, final },
    })),
  );
  const checkpoints = runs.map(async ({ name }) => {
    const path = join(dir, "checkpoints", `${name}.safetensors`);
    const { state, step, seed, config } = await loadCheckpoint(path);
    const tensors = [...state].map(([key, { dtype, shape, data }]) => {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      return [key, dtype, shape, bytes.toString("base64")];
    });
    return [name, { step, seed, config, tensors }] as const;
  });
  return {
    runs: Object.fromEntries(runs.map(({ name, measured }) => [name, measured])),
    checkpoints: Object.fromEntries(await Promise.all(checkpoints)),
  };
}
