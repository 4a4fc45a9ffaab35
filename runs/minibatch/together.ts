/** Steps that several processes take together, and states that are the same in all of them. */
import {
  decodeSafetensors,
  encodeSafetensors,
  keyOf,
  read,
  type Runtime,
  type SplitStep,
  type State,
  type Tensor,
} from "../../src/index.ts";
import { onDemand, type OnDemand } from "../on-demand.ts";
import { Diverged } from "../experiment.ts";
import { brief } from "../../src/train/json.ts";
import type { Crew, Ranks } from "../ranks.ts";

/** A step in two halves as one program. `hasExamples` is false of a process that has none of a small batch. */
export function stepTogether(
  runtime: Runtime,
  split: SplitStep,
  { crew, hasExamples }: { readonly crew: Crew; readonly hasExamples: boolean },
): OnDemand {
  const gradients = onDemand(runtime, split.gradients);
  const update = onDemand(runtime, split.update);
  const { ranks, vote } = crew;
  return {
    outputs: update.outputs,
    parameters: update.parameters,
    async compile() {
      if (hasExamples) await gradients.compile();
      await update.compile();
    },
    async run(feeds, state) {
      const flat = hasExamples
        ? ((await gradients.run(feeds, state))["flat"].data as Float32Array)
        : new Float32Array(split.length);
      flat[split.length - 1] = vote.own();
      ranks.sum(flat);
      vote.count(flat[split.length - 1]);
      if (vote.givenUp())
        throw new Diverged(
          "train: the parameters of rank 0 must be finite numbers, got others after the steps before; lower the learning rate",
        );
      return update.run({ ...feeds, ...split.feeds(flat) }, state);
    },
    async release() {
      await Promise.all([gradients.release(), update.release()]);
    },
  };
}

/** Gives every process what rank 0 has. */
export async function spread(state: State, { ranks }: Crew): Promise<void> {
  if (ranks.size === 1) return;
  const own = ranks.rank === 0 ? encodeSafetensors(await read(state)) : undefined;
  const bytes = ranks.patiently(() => ranks.broadcast(own)); // initialization looks at more than a step does
  const { tensors } = decodeSafetensors(bytes, "the first state of rank 0");
  for (const [name, tensor] of tensors) state.set(name, tensor);
}

/** Throws where what a process is about to do is not what all are. */
export function checkAgreed({ ranks }: Crew, what: string, value: string): void {
  if (ranks.size === 1) return;
  const own = Int32Array.from(keyOf(value), (half) => half >>> 1);
  if (isSame(ranks, own).every(Boolean)) return;
  throw new Error(
    `ranks: expected the same ${what} on all ${ranks.size}, got different ones; rank ${ranks.rank} has ${brief(value)}; start all by one command, with the same files`,
  );
}

/** Throws where a parameter is not the same in all processes, to the bit. */
export async function checkSame(state: State, { ranks }: Crew, step: number): Promise<void> {
  if (ranks.size === 1) return;
  const all = [...(await read(state))].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const same = isSame(
    ranks,
    Int32Array.from(all, ([, tensor]) => hashOf(tensor)),
  );
  const different = all.flatMap(([name], i) => (same[i] ? [] : [name]));
  if (different.length === 0) return;
  throw new Error(
    `ranks: expected the same parameters on all ${ranks.size} after step ${step}, got different ${different.slice(0, 10).join(", ")}${different.length > 10 ? ` and ${different.length - 10} more` : ""}; check that all run the same program on the same kind of processor, and go on from the last checkpoint`,
  );
}

/** Of each number whether all ranks have the same. */
function isSame(ranks: Ranks, own: Int32Array): readonly boolean[] {
  const [least, most] = [own.slice(), own.map((x) => -x)];
  ranks.least(least);
  ranks.least(most);
  return Array.from(least, (x, i) => x === -most[i]);
}

/** 31 bits of the bytes of a tensor (FNV-1a over its words). */
function hashOf({ data }: Tensor): number {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193) ^ (hash >>> 15);
  return hash >>> 1;
}
