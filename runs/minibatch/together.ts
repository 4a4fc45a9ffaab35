/** Steps that several processes take together, and states that are the same in all of them. */
import {
  decodeSafetensors,
  encodeSafetensors,
  read,
  type Runtime,
  type SplitStep,
  type State,
  type Tensor,
} from "../../src/index.ts";
import { onDemand, type OnDemand } from "../on-demand.ts";
import type { Crew } from "../ranks.ts";

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
  const { tensors } = decodeSafetensors(ranks.broadcast(own), "the first state of rank 0");
  for (const [name, tensor] of tensors) state.set(name, tensor);
}

/** Throws where a parameter is not the same in all processes, to the bit. */
export async function checkSame(state: State, { ranks }: Crew, step: number): Promise<void> {
  if (ranks.size === 1) return;
  const all = [...(await read(state))].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const least = Int32Array.from(all, ([, tensor]) => hashOf(tensor));
  const most = least.map((x) => -x);
  ranks.least(least);
  ranks.least(most);
  const different = all.flatMap(([name], i) => (least[i] === -most[i] ? [] : [name]));
  if (different.length === 0) return;
  throw new Error(
    `ranks: expected the same parameters on all ${ranks.size} after step ${step}, got different ${different.slice(0, 10).join(", ")}${different.length > 10 ? ` and ${different.length - 10} more` : ""}; check that all run the same program on the same kind of processor, and go on from the last checkpoint`,
  );
}

/** 31 bits of the bytes of a tensor (FNV-1a over its words). */
function hashOf({ data }: Tensor): number {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193) ^ (hash >>> 15);
  return hash >>> 1;
}
