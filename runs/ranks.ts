/**
 * The processes that train one model together, each on its share of every batch: what a run asks of them. One process alone is
 * `oneRank`; `cluster/mpi` has those that a launcher of MPI starts.
 */

/** Arrays that ranks reduce. */
export type Numbers = Float32Array | Float64Array | Int32Array;

/**
 * All calls block, and all ranks make the same calls in the same order. What they give is the same on every rank, to the bit.
 */
export interface Ranks {
  /** This process, from 0. */
  readonly rank: number;
  readonly size: number;
  /** Names of the machines, by rank. */
  readonly hosts: readonly string[];
  /** Sums over all ranks, in place. */
  sum(values: Numbers): void;
  /** The least of each number over all ranks, in place. */
  least(values: Numbers): void;
  /** The bytes that rank 0 gives, on every rank; what others give is ignored. */
  broadcast(bytes?: Uint8Array): Uint8Array;
  /** Returns when all have come here. */
  meet(): void;
  /** Calls that may wait long, as others have work of their own: nothing is wrong then. */
  patiently<T>(call: () => T): T;
  /** Seconds that this rank has spent in these calls, waiting for others too. */
  readonly seconds: () => number;
}

/** One process by itself. */
export const oneRank: Ranks = {
  ...{ rank: 0, size: 1, hosts: [""] },
  sum: () => undefined,
  least: () => undefined,
  broadcast: (bytes = new Uint8Array()) => bytes,
  meet: () => undefined,
  patiently: (call) => call(),
  seconds: () => 0,
};

/**
 * The rows of a batch that a rank trains on: from `from`, so many. Shares differ by one at most, larger ones first; where they would have
 * fewer than `least`, the last ranks have none.
 */
export function shareOf(
  rows: number,
  { rank, size }: Pick<Ranks, "rank" | "size">,
  least = 1,
): { readonly from: number; readonly count: number } {
  const sharers = Math.max(1, Math.min(size, Math.floor(rows / least)));
  if (rank >= sharers) return { from: rows, count: 0 };
  const [each, more] = [Math.floor(rows / sharers), rows % sharers];
  return { from: rank * each + Math.min(rank, more), count: each + (rank < more ? 1 : 0) };
}

/** What processes tell each other with their sums, so that all know it at the same step. */
export interface Vote {
  /** What this process says: 1 where it was asked to stop, and more where it gives a run up. */
  own(): number;
  /** What all say together. */
  count(sum: number): void;
  /** Whether one of them was asked to stop: the race's signal. */
  readonly aborted: boolean;
  /** Has all of them end the run of now at the next step. */
  giveUp(): void;
  /** Whether one of them has had that, asked once. */
  givenUp(): boolean;
}
/** Several processes and their vote. */
export interface Crew {
  readonly ranks: Ranks;
  readonly vote: Vote;
}

/** More processes than there are. */
const GIVEN_UP = 2 ** 16;

/** `asked` says whether this process was asked to stop; one by itself stops then, without asking others. */
export function crewOf(ranks: Ranks, asked: () => boolean = () => false): Crew {
  let [isGivingUp, isGivenUp, isStopping] = [false, false, false];
  const vote: Vote = {
    own: () => (asked() ? 1 : 0) + (isGivingUp ? GIVEN_UP : 0),
    count(sum) {
      isStopping ||= sum % GIVEN_UP > 0;
      isGivenUp ||= sum >= GIVEN_UP;
      isGivingUp = false;
    },
    get aborted() {
      return ranks.size === 1 ? asked() : isStopping;
    },
    giveUp() {
      isGivingUp = true;
    },
    givenUp() {
      const before = isGivenUp;
      isGivenUp = false;
      return before;
    },
  };
  return { ranks, vote };
}
