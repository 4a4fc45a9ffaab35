/** What a run asks of its processes, by MPI: every call is checked, watched and timed. */
import type { Numbers, Ranks } from "../../runs/ranks.ts";
import { typeOf, type Mpi } from "./library.ts";
import { WAITS, type Wait } from "./notes.ts";
import type { Watch } from "./watch.ts";

/** The processes of MPI's world; `hosts` are found out afterwards, by these very calls. */
export interface Unnamed extends Omit<Ranks, "hosts"> {
  /** Leaves them. */
  readonly end: () => void;
}
export function ranksOf(mpi: Mpi, watch: Watch): Unnamed {
  const [rank, size] = [mpi.rank(), mpi.size()];
  const together = <T>(wait: Wait, length: number, call: () => T): T =>
    watch.during(wait, length, () => {
      agree({ ...mpi, rank, size }, wait, length);
      return call();
    });
  return {
    ...{ rank, size },
    sum(values) {
      const type = typeOf(values);
      together(`a sum of ${type}`, values.length, () => mpi.reduce(values, "sum"));
    },
    least(values) {
      const type = typeOf(values);
      if (!(values instanceof Int32Array)) makeComparable(values);
      together(`a least of ${type}`, values.length, () => mpi.reduce(values, "min"));
    },
    broadcast(bytes = new Uint8Array()) {
      if (!(bytes instanceof Uint8Array))
        throw new Error(
          `ranks.broadcast: expected a Uint8Array, got ${typeof bytes}; hand over bytes`,
        );
      const length = new Float64Array([rank === 0 ? bytes.length : 0]);
      return together("bytes of rank 0", 0, () => {
        mpi.broadcast(new Uint8Array(length.buffer));
        const all = rank === 0 ? bytes : new Uint8Array(length[0]);
        if (all.length > 0) mpi.broadcast(all);
        return all;
      });
    },
    meet: () => together("all to come here", 0, mpi.barrier),
    patiently: watch.patiently,
    seconds: watch.seconds,
    end: () => watch.patiently(() => together("all to end", 0, mpi.finalize)),
  };
}

/**
 * Throws on all ranks where they have come to different calls, as where one of them left a sum out: MPI notices only some of that, and MPICH
 * writes over memory. It costs one more reduction, of four numbers.
 */
function agree(
  { rank, size, reduce }: Pick<Mpi, "reduce"> & { readonly rank: number; readonly size: number },
  wait: Wait,
  length: number,
): void {
  const what = WAITS.indexOf(wait);
  const range = Float64Array.of(what, -what, length, -length);
  reduce(range, "min");
  if (range[0] === -range[1] && range[2] === -range[3]) return;
  const all = new Float64Array(2 * size);
  all.set([what, length], 2 * rank);
  reduce(all, "sum");
  const calls = Array.from({ length: size }, (_, i) => `${WAITS[all[2 * i]]} (${all[2 * i + 1]})`);
  const other = calls.findIndex((call) => call !== calls[0]);
  throw new Error(
    `ranks: expected all to make the same calls, got ${calls[other]} on rank ${other} against ${calls[0]} on rank 0; see that none of them leaves one out`,
  );
}

/** Which of two numbers is the least depends on the order they are asked in where one is NaN, or where they are 0 and -0: and ranks differ in that. */
function makeComparable(values: Exclude<Numbers, Int32Array>): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]))
      throw new Error(
        `ranks.least: expected numbers, got NaN at ${i}; say by a number that there is none`,
      );
    values[i] += 0; // -0 is 0 then
  }
}

/** What each rank says, by rank, on every one of them. */
export function everyone(
  { rank, size, sum }: Pick<Ranks, "rank" | "size" | "sum">,
  text: string,
): readonly string[] {
  const own = Buffer.from(text);
  const lengths = new Int32Array(size);
  lengths[rank] = own.length;
  sum(lengths);
  const starts = [...lengths].map((_, i) => lengths.subarray(0, i).reduce((a, b) => a + b, 0));
  const bytes = new Int32Array(lengths.reduce((a, b) => a + b, 0)); // whose sums with the zeros of others are what they were
  bytes.set(own, starts[rank]);
  sum(bytes);
  const all = Buffer.from(bytes);
  return starts.map((start, i) => all.toString("utf8", start, start + lengths[i]));
}
