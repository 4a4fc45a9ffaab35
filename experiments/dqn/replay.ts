/**
 * Replay memory (Lin 1992; Mnih et al. 2015): what was seen, done and got, the newest `capacity` of it. Every frame is kept
 * once; the stacks of frames that a network sees are made when they are read.
 */
import { hash, tensor, type Key, type Tensor } from "../../src/index.ts";

export interface ReplayOptions {
  readonly capacity: number;
  /** [channels, height, width] of a frame. */
  readonly shape: readonly number[];
  /** Frames in a stack: the newest last, zeros where an episode had none yet. */
  readonly history: number;
}

/** Entries are numbered from 0 as they come; those before `count - capacity` are forgotten. */
export interface Replay {
  readonly capacity: number;
  /** What an entry takes in a file. */
  readonly bytesPerEntry: number;
  /** Entries so far, forgotten ones too. */
  readonly count: () => number;
  readonly oldest: () => number;
  /** A new entry: a frame, and whether an episode starts with it. */
  see(frame: Uint8Array, first: boolean): void;
  /** What was done in the newest entry, what it gave, and whether the episode ended with it. */
  act(done: { readonly action: number; readonly reward: number; readonly ended: boolean }): void;
  /** The newest stack as [1, history * channels, height, width]; it is overwritten by the next. */
  latest(): Tensor;
  /** `size` transitions, drawn uniformly with replacement: the inputs of a learning step, overwritten by the next. */
  sample(size: number, key: Key): Readonly<Record<string, Tensor>>;
  /** Observations of `size` transitions, drawn in the same way, as [size, history * channels, height, width]. */
  observations(size: number, key: Key): Tensor;
  /** The entries from `from` to before `to`, as tensors that a file can hold. */
  slice(from: number, to: number): ReadonlyMap<string, Tensor>;
  /** Takes entries that `slice` gave, the first ones from wherever they begin, and then one after the other; throws for those that do not fit. */
  restore(from: number, entries: ReadonlyMap<string, Tensor>): void;
}

const [FIRST, ACTED, ENDED] = [1, 2, 4];
/** Frames are kept in blocks of so many, made when they are needed: no array is longer than an engine can make. */
const BLOCK = 1024;

/** Throws for frames that are not whole words. */
export function replayMemory({ capacity, shape, history }: ReplayOptions): Replay {
  const size = shape.reduce((a, b) => a * b);
  if (size % 4 !== 0)
    throw new Error(
      `replay: a frame must have a multiple of 4 bytes, got ${size} of shape [${shape}]; add a row of zeros`,
    );
  const blocks: Uint8Array[] = [];
  const frameAt = (slot: number): Uint8Array => {
    const block = (blocks[Math.floor(slot / BLOCK)] ??= new Uint8Array(
      Math.min(BLOCK, capacity) * size,
    ));
    return block.subarray((slot % BLOCK) * size, ((slot % BLOCK) + 1) * size);
  };
  const actions = new Uint8Array(capacity);
  const rewards = new Float32Array(capacity);
  const flags = new Uint8Array(capacity);
  const stackShape = [history * shape[0], ...shape.slice(1)];
  const stackSize = history * size;
  const buffers = new Map<number, ReturnType<typeof bufferOf>>();
  let count = 0;
  const oldest = (): number => Math.max(0, count - capacity);
  const one = new Float32Array(stackSize);

  function bufferOf(batch: number): {
    readonly x: Float32Array;
    readonly next: Float32Array;
    readonly actions: Int32Array;
    readonly rewards: Float32Array;
    readonly ended: Float32Array;
  } {
    const stacks = (): Float32Array => new Float32Array(batch * stackSize);
    const numbers = (): Float32Array => new Float32Array(batch);
    const [x, next] = [stacks(), stacks()];
    return { x, next, actions: new Int32Array(batch), rewards: numbers(), ended: numbers() };
  }

  /** The stack that ends with an entry, written to `to` from `at` on. */
  function stack(entry: number, to: Float32Array, at: number): void {
    let from = entry;
    for (let place = history - 1; place >= 0; place--) {
      const begin = at + place * size;
      if (from < 0) to.fill(0, begin, begin + size);
      else {
        const slot = from % capacity;
        to.set(frameAt(slot), begin);
        from = flags[slot] & FIRST ? -1 : from - 1;
      }
    }
  }

  /** Entries in which something was done and whose next frame is there, drawn one after the other. */
  function drawing(key: Key): () => number {
    const [from, to] = [count <= capacity ? 0 : oldest() + history - 1, count - 1]; // the newest has no successor yet
    const acted = (entry: number): boolean => (flags[entry % capacity] & ACTED) !== 0;
    if (to <= from || (to === from + 1 && !acted(from)))
      throw new Error(
        `replay: needs transitions to sample from, got ${count} entries; act some more first`,
      );
    let drawn = 0;
    return () => {
      for (;;) {
        const entry = from + Math.floor((hash(drawn++, key) / 2 ** 32) * (to - from));
        if (acted(entry)) return entry; // an episode that was cut off leaves a frame in which nothing was done
      }
    };
  }

  return {
    capacity,
    bytesPerEntry: size + 12,
    count: () => count,
    oldest,
    see(frame, first) {
      const slot = count++ % capacity;
      frameAt(slot).set(frame);
      flags[slot] = first ? FIRST : 0;
      actions[slot] = rewards[slot] = 0;
    },
    act({ action, reward, ended }) {
      const slot = (count - 1) % capacity;
      actions[slot] = action;
      rewards[slot] = reward;
      flags[slot] |= ACTED | (ended ? ENDED : 0);
    },
    latest() {
      stack(count - 1, one, 0);
      return tensor(one, [1, ...stackShape]);
    },
    sample(batch, key) {
      const draw = drawing(key);
      if (!buffers.has(batch)) buffers.set(batch, bufferOf(batch));
      const b = buffers.get(batch)!;
      for (let i = 0; i < batch; i++) {
        const entry = draw();
        const slot = entry % capacity;
        const over = (flags[slot] & ENDED) !== 0;
        stack(entry, b.x, i * stackSize);
        if (over) b.next.fill(0, i * stackSize, (i + 1) * stackSize);
        else stack(entry + 1, b.next, i * stackSize);
        b.actions[i] = actions[slot];
        b.rewards[i] = rewards[slot];
        b.ended[i] = over ? 1 : 0;
      }
      return {
        x: tensor(b.x, [batch, ...stackShape]),
        next: tensor(b.next, [batch, ...stackShape]),
        actions: tensor(b.actions, [batch], "int32"),
        rewards: tensor(b.rewards),
        ended: tensor(b.ended),
      };
    },
    observations(batch, key) {
      const draw = drawing(key);
      const x = new Float32Array(batch * stackSize);
      for (let i = 0; i < batch; i++) stack(draw(), x, i * stackSize);
      return tensor(x, [batch, ...stackShape]);
    },
    slice(from, to) {
      const n = to - from;
      const kept = { frames: new Uint8Array(n * size), actions: new Int32Array(n) };
      const [reward, flag] = [new Float32Array(n), new Int32Array(n)];
      for (let i = 0; i < n; i++) {
        const slot = (from + i) % capacity;
        kept.frames.set(frameAt(slot), i * size);
        [kept.actions[i], reward[i], flag[i]] = [actions[slot], rewards[slot], flags[slot]];
      }
      const words = new Uint32Array(kept.frames.buffer); // four pixels each
      return new Map([
        ["frames", tensor(words, [n, size / 4], "uint32")],
        ["actions", tensor(kept.actions, [n], "int32")],
        ["rewards", tensor(reward)],
        ["flags", tensor(flag, [n], "int32")],
      ]);
    },
    restore(from, entries) {
      const parts = partsOf(entries, size);
      const follows = count === 0 || from === count;
      if (!parts || !follows)
        throw new Error(
          `replay: expected frames of ${size} bytes with actions, rewards and flags, got ${[...entries].map(([name, { shape }]) => `${name} [${shape}]`).join(", ") || "nothing"}; restore what this game wrote`,
        );
      for (const [i, flag] of parts.flags.entries()) {
        const entry = from + i;
        const before = flags[(entry + capacity - 1) % capacity];
        // Or drawing might never find an entry in which something was done.
        const idle = entry > from || count > 0 ? !(before & ACTED) : false;
        if (idle && (before & FIRST || !(flag & FIRST)))
          throw new Error(
            `replay: expected something done in every entry but the last one of an episode, got nothing in entry ${entry - 1}; restore what this game wrote`,
          );
        const slot = entry % capacity;
        frameAt(slot).set(parts.frames.subarray(i * size, (i + 1) * size));
        [actions[slot], rewards[slot], flags[slot]] = [parts.actions[i], parts.rewards[i], flag];
      }
      count = from + parts.flags.length;
    },
  };
}

/** What tensors from a file hold, if they are entries of frames of `size` bytes. */
function partsOf(
  entries: ReadonlyMap<string, Tensor>,
  size: number,
):
  | {
      readonly frames: Uint8Array;
      readonly actions: Int32Array;
      readonly rewards: Float32Array;
      readonly flags: Int32Array;
    }
  | undefined {
  const [frames, actions, rewards, flags] = ["frames", "actions", "rewards", "flags"].map(
    (name) => entries.get(name)?.data,
  );
  const n = flags?.length ?? 0;
  if (
    !(frames instanceof Uint32Array && frames.length === (n * size) / 4) ||
    !(actions instanceof Int32Array && actions.length === n) ||
    !(rewards instanceof Float32Array && rewards.length === n) ||
    !(flags instanceof Int32Array)
  )
    return undefined;
  const bytes = new Uint8Array(frames.buffer, frames.byteOffset, frames.byteLength);
  return { frames: bytes, actions, rewards, flags };
}
