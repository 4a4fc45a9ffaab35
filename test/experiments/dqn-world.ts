/** What agents get from where they run, as small as tests need it; and a store of one run in memory. */
import { presets, type DqnConfig } from "../../experiments/dqn/config.ts";
import type { Door, Kept, Saved, World } from "../../runs/experiment.ts";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
  type Tensor,
} from "../../src/index.ts";
import { nodeDoor, nodeRuntime } from "../../src/node/index.ts";

const door = nodeDoor();
export const asset: Door["asset"] = door.asset;
export const require: Door["require"] = door.require;

export const runtime: ReturnType<World["runtime"]> = nodeRuntime({ threads: 1 });
export const world = (changes: Partial<World> = {}): World => ({
  ...{ runtime: () => runtime, threads: 1, places: {}, door },
  progress: () => undefined,
  ...changes,
});

export const FRAMES = 400;
/** So short that the memory comes around twice. */
export const configOf = (changes: Partial<DqnConfig> = {}): DqnConfig => ({
  ...presets.minatar["small"],
  ...{ game: "breakout", plays: "breakout", preset: "small", arms: ["plain"], seeds: [1] },
  ...{ frames: FRAMES, learnFrom: 150, replay: 150, targetEvery: 40, batchSize: 16 },
  exploration: { frames: 200, to: 0.1 },
  test: { episodes: 3, epsilon: 0.05 },
  ...changes,
});

export interface MemoryStore {
  readonly parts: Map<string, Uint8Array>;
  /** Writes what is fresh, then the checkpoint, and removes what is obsolete; dies before the checkpoint where asked to. */
  save(saved: Saved, dies?: "before the checkpoint"): void;
  checkpoint(): Checkpoint;
  kept(): Kept;
}

export function memoryStore(
  parts: Map<string, Uint8Array> = new Map(),
  bytes?: Uint8Array,
): MemoryStore {
  let written = bytes;
  const checkpoint = (): Checkpoint => decodeCheckpoint(written!, "memory");
  return {
    parts,
    checkpoint,
    save({ checkpoint: made, attachments }, dies) {
      for (const [name, part] of attachments?.fresh ?? []) parts.set(name, part());
      if (dies) return;
      written = encodeCheckpoint(made);
      for (const name of [...parts.keys()]) if (attachments?.obsolete(name)) parts.delete(name);
    },
    kept: () => ({
      checkpoint: checkpoint(),
      attachment(name, most) {
        const part = parts.get(name);
        if (!part || part.length > most)
          return Promise.reject(
            new Error(`${name}: expected a part, got ${part?.length ?? "none"}`),
          );
        return Promise.resolve(part);
      },
    }),
  };
}

export const base64 = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");
export const bitsOfAll = (tensors: ReadonlyMap<string, Tensor>): unknown =>
  [...tensors].map(([name, { data, shape }]) => [name, shape, base64(data)]);
