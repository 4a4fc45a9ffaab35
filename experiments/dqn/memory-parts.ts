/**
 * A replay memory beside its checkpoints, in parts of some thousand entries each: what was saved once is not saved again, so
 * a checkpoint costs one part, whatever the memory holds.
 */
import type { Attachments, Kept } from "../../runs/experiment.ts";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../../src/index.ts";
import type { Replay } from "./replay.ts";

export interface MemoryParts {
  /** What is to be saved now; the parts are made when they are asked for, which must be before the memory changes. */
  attachments(): Attachments;
  /** Fills the memory with its first `entries` entries, as far as it would still know them. */
  restore(kept: Kept, entries: number): Promise<void>;
}

/** Entries a part; no more than fit into a quarter of the memory, so that none is forgotten before it is saved. */
const LONGEST = 5000;
/** More bytes than the header of a part has. */
const HEADER = 4096;

/** `where` is what messages call the memory. */
export function memoryParts(replay: Replay, where: string): MemoryParts {
  const length = Math.max(1, Math.min(LONGEST, Math.floor(replay.capacity / 4)));
  /** Entries that are saved and complete: in the newest one something is still to be done. */
  let saved = 0;
  return {
    attachments() {
      const [count, oldest] = [replay.count(), replay.oldest()];
      const from = Math.floor(Math.max(saved, oldest) / length);
      const fresh = Array.from({ length: Math.ceil(count / length) - from }, (_, i) => {
        const part = from + i;
        const to = Math.min(count, (part + 1) * length);
        const bytes = (): Uint8Array => {
          saved = Math.min(to, count - 1);
          return encodeSafetensors(replay.slice(part * length, to));
        };
        return [nameOf(part), bytes] as const;
      });
      return {
        fresh: new Map(fresh),
        obsolete: (name) => (parseInt(name, 10) + 1) * length <= oldest,
      };
    },
    async restore(kept, entries) {
      const oldest = Math.max(0, entries - replay.capacity);
      for (let part = Math.floor(oldest / length); part * length < entries; part++) {
        const name = nameOf(part);
        const bytes = await kept.attachment(name, HEADER + length * replay.bytesPerEntry);
        const begin = Math.max(oldest, part * length); // what was forgotten may have been overwritten when it was saved
        const what = `${where}, ${name}`;
        try {
          const { tensors } = decodeSafetensors(bytes, what);
          const [from, to] = [begin, Math.min((part + 1) * length, entries)];
          replay.restore(from, rows(tensors, from - part * length, to - part * length));
        } catch (error) {
          throw new Error(
            `${what}: expected a part of the replay memory, got a damaged one (${whyOf(error, what)}); put it back, or remove the checkpoint of that run, which then starts anew while the others go on`,
            { cause: error },
          );
        }
      }
      saved = Math.max(0, entries - 1);
    },
  };
}

const nameOf = (part: number): string => `${String(part).padStart(6, "0")}.safetensors`;

/** What an error says is wrong, without where and what to do, which is said around it. */
const whyOf = (error: unknown, where: string): string =>
  error instanceof Error
    ? error.message.replace(`${where}: `, "").replace(/; [^;]*$/, "")
    : String(error);

/** Rows of every tensor: a part may be newer than the checkpoint, and then holds more. */
const rows = (
  tensors: ReadonlyMap<string, Tensor>,
  from: number,
  to: number,
): ReadonlyMap<string, Tensor> =>
  new Map(
    [...tensors].map(([name, { dtype, shape, data }]) => {
      const [length = 0, ...rest] = shape;
      if (length < to) throw new Error(`it holds ${length} entries instead of ${to}`);
      const size = rest.reduce((a, b) => a * b, 1);
      const part = data.subarray(from * size, to * size);
      return [name, { dtype, shape: [to - from, ...rest], data: part }];
    }),
  );
