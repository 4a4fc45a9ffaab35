/**
 * Replay memories on disk, in files of some thousand entries each: what was written once is not written again, so a
 * checkpoint costs one file, whatever the memory holds. Files are written before the checkpoint that needs them and removed after
 * the one that no longer does, so whenever a process dies the last checkpoint has its memory.
 */
import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Replay } from "../../experiments/dqn/replay.ts";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../../src/index.ts";
import { reasonOf, writeFileAtomic } from "../../src/node/index.ts";
import { makeFolder } from "../run-folder.ts";

export interface MemoryFiles {
  /** Writes what is new. */
  save(replay: Replay): Promise<void>;
  /** Removes what is forgotten: after the checkpoint. */
  prune(replay: Replay): Promise<void>;
  /** Fills a memory with its first `entries` entries, as far as it would still know them. */
  restore(replay: Replay, entries: number): Promise<void>;
}

/** Entries a file; no more than fit into a quarter of the memory, so that none is forgotten before it is written. */
const LONGEST = 5000;

export function memoryFiles(folder: string, run: string): MemoryFiles {
  const lengthOf = ({ capacity }: Replay): number =>
    Math.max(1, Math.min(LONGEST, Math.floor(capacity / 4)));
  const pathOf = (part: number): string =>
    join(folder, `${run}-${String(part).padStart(6, "0")}.safetensors.gz`);
  /** Entries on disk that are complete: in the newest one something is still to be done. */
  let saved = 0;
  return {
    async save(replay) {
      await makeFolder(folder);
      const [count, length] = [replay.count(), lengthOf(replay)];
      for (let part = Math.floor(saved / length); part * length < count; part++) {
        const tensors = replay.slice(part * length, Math.min(count, (part + 1) * length));
        await writeFileAtomic(pathOf(part), gzipSync(encodeSafetensors(tensors), { level: 1 }));
      }
      saved = count - 1;
    },
    async prune(replay) {
      const names = await readdir(folder);
      const length = lengthOf(replay);
      for (const name of names) {
        const part = name.startsWith(`${run}-`) ? parseInt(name.slice(run.length + 1), 10) : NaN;
        if ((part + 1) * length <= replay.oldest()) await rm(join(folder, name), { force: true });
      }
    },
    async restore(replay, entries) {
      const length = lengthOf(replay);
      const oldest = Math.max(0, entries - replay.capacity);
      for (let part = Math.floor(oldest / length); part * length < entries; part++) {
        const wanted = Math.min(length, entries - part * length);
        replay.restore(part * length, first(await read(pathOf(part)), wanted, pathOf(part)));
      }
      saved = entries - 1;
    },
  };
}

async function read(path: string): Promise<ReadonlyMap<string, Tensor>> {
  const hint =
    "put it back, or remove the checkpoint of that run, which then starts anew while the others go on";
  if (!existsSync(path))
    throw new Error(`${path}: expected a part of the replay memory, got no such file; ${hint}`);
  try {
    return decodeSafetensors(gunzipSync(await readFile(path)), path).tensors;
  } catch (error) {
    throw new Error(
      `${path}: expected a part of the replay memory, got a damaged file (${reasonOf(error)}); ${hint}`,
      { cause: error },
    );
  }
}

/** The first `n` rows of every tensor; a file may be newer than the checkpoint, and then holds more. */
function first(
  tensors: ReadonlyMap<string, Tensor>,
  n: number,
  path: string,
): ReadonlyMap<string, Tensor> {
  return new Map(
    [...tensors].map(([name, { dtype, shape, data }]) => {
      if (shape[0] < n)
        throw new Error(
          `${path}: expected ${n} entries of the replay memory, got ${shape[0]}; put back the right file, or remove the checkpoint of that run, which then starts anew while the others go on`,
        );
      const size = shape.slice(1).reduce((a, b) => a * b, 1);
      return [name, { dtype, shape: [n, ...shape.slice(1)], data: data.subarray(0, n * size) }];
    }),
  );
}
