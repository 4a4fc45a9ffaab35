/** What tests of checkpoints share: files to entries to numbers, and Python where it is installed. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bytesOf, entryOf, type Entry } from "../../src/checkpoints/entry.ts";
import { memorySink, memorySource, openWeights, writeWeights } from "../../src/index.ts";
import type { Beside, Weights } from "../../src/index.ts";
import { codeByName } from "../../src/train/safetensors-types.ts";

export const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(import.meta.dirname, "..", "golden", name)));

export const none: Beside = (name) => Promise.reject(new Error(`none beside: "${name}"`));
export const open = (bytes: Uint8Array, where = "f", beside: Beside = none): Promise<Weights> =>
  openWeights(memorySource(bytes, where), beside);
export async function written(path: string, entries: readonly Entry[]): Promise<Uint8Array> {
  const sink = memorySink();
  await writeWeights(sink, path, entries);
  return sink.bytes();
}

/** Values as numbers; of complex ones both parts. */
export async function valuesOf(entry: Entry): Promise<readonly number[]> {
  const bytes = await bytesOf(entry);
  const { dtype } = entry;
  const buffer = bytes.buffer as ArrayBuffer;
  if (dtype === "C64") return [...new Float32Array(buffer)];
  if (dtype === "I64") return Array.from(new BigInt64Array(buffer), Number);
  const held = codeByName.get(dtype)?.read?.(buffer, entry.name);
  if (typeof held !== "object") throw new Error(`${entry.name}: expected numbers, got ${dtype}`);
  return Array.from(held.data);
}
export const f32 = (name: string, shape: readonly number[], values: readonly number[]): Entry =>
  entryOf(name, "F32", shape, () => new Uint8Array(Float32Array.from(values).buffer));

export const names = (entries: readonly Entry[]): readonly string[] => entries.map((x) => x.name);
export const named = (entries: readonly Entry[], name: string): Entry =>
  entries.find((x) => x.name === name)!;

const PYTHON = "/usr/bin/python3";
export const lacks = (module: string): boolean =>
  spawnSync(PYTHON, ["-c", `import ${module}`]).status !== 0;
export function python(script: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(PYTHON, ["-c", script, ...args], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
