/**
 * When a nest computes what. A row is gone through as often as its sums demand: what a sum needs is computed in one phase, what
 * needs the sum in the next. Norms are taken of several rows at once, so that phases are grouped: all rows of a block go
 * through one group before the next.
 */
import type { Place, Store, Value } from "./expression.ts";
import { isAt, type Nest } from "./nests.ts";

/** Rows that go through a group of phases together. */
export const BLOCK = 8;

export interface Phase {
  /** Computed once a row, before the loop over its elements. */
  readonly rowValues: readonly Value[];
  readonly values: readonly Value[];
  readonly rowStores: readonly Destination[];
  readonly stores: readonly Destination[];
  /** Taken of the row, after the loop, and what is then kept of them. */
  readonly sums: readonly Value[];
  readonly sumStores: readonly Destination[];
}
/** Phases that a row goes through at one go, and the norms that are then taken of the block. */
export interface Group {
  readonly phases: readonly Phase[];
  readonly norms: readonly Value[];
}
/** Where a value is put: a place of the step, or a buffer for a block of rows, of the value with that id. */
export type Home = Place | { readonly kind: "buffer"; readonly id: number };
export interface Destination {
  readonly value: Value;
  readonly to: Home;
}
export interface Schedule {
  readonly groups: readonly Group[];
  /** Where a value can be loaded after the loop that made it. */
  readonly homes: ReadonlyMap<Value, Home>;
}

/** `adds`: whether sums are taken within the loop that makes what they add up. */
export function scheduleOf(nest: Nest, { adds }: { readonly adds: boolean }): Schedule {
  const { values, stores } = nest;
  const isRow = (v: Value): boolean => v.size < nest.rows * nest.width;
  const inNest = new Set(values);
  const phases = new Map<Value, number>();
  const phaseOf = (v: Value): number => phases.get(v) ?? 0; // what is not of the nest is there before
  for (const v of values) {
    const after = v.kind === "sum" || v.kind === "norm" ? 1 : 0;
    phases.set(v, after + Math.max(0, ...v.inputs.map(phaseOf)));
  }
  const lastUse = new Map<Value, number>();
  for (const v of values)
    for (const x of v.inputs) note(x, phaseOf(v) - Number(adds && v.kind === "sum"));
  const storedAt = ({ to, value }: Store): number => {
    const old = values.find((v) => isAt(v, to));
    return Math.max(phaseOf(value), old ? (lastUse.get(old) ?? 0) : 0);
  };
  let due = stores.map((s) => ({ ...s, phase: storedAt(s) }));
  for (
    let before = -1;
    before < sumOf(lastUse);
    due = stores.map((s) => ({ ...s, phase: storedAt(s) }))
  ) {
    before = sumOf(lastUse);
    for (const s of due) note(s.value, s.phase); // which may put off another store
  }

  const count = 1 + Math.max(...phases.values(), ...due.map((s) => s.phase));
  const madeIn = (v: Value): number => phaseOf(v) - Number(v.kind === "sum");
  const norms = values.filter((v) => v.kind === "norm");
  const groupOf = (phase: number): number =>
    new Set(norms.map(phaseOf).filter((p) => p <= phase)).size;
  /** Kept where it is stored anyway, if that is in its own phase; values of a row only if another group uses them. */
  const homes = new Map<Value, Home>();
  for (const v of values) {
    const until = lastUse.get(v) ?? 0;
    const own = due.find((s) => s.value === v && s.phase === phaseOf(v));
    const isNeeded =
      v.kind === "norm" || (isRow(v) ? groupOf(until) > groupOf(madeIn(v)) : until > phaseOf(v));
    if (v.at) homes.set(v, v.at);
    else if (isNeeded)
      homes.set(v, own && v.kind === "lanes" ? own.to : { kind: "buffer", id: v.id });
  }
  const isDueIn = (phase: number, row: boolean): readonly Destination[] =>
    due.filter((s) => s.phase === phase && isRow(s.value) === row);
  /** What `made` says was made, into buffers that have it for later. */
  const buffered = (made: readonly Value[]): readonly Destination[] =>
    made.flatMap((value): Destination[] => {
      const to = homes.get(value);
      return to?.kind === "buffer" ? [{ value, to }] : [];
    });
  const made = (phase: number, row: boolean): readonly Value[] =>
    values.filter((v) => v.kind === "lanes" && phaseOf(v) === phase && isRow(v) === row);
  const all = Array.from({ length: count }, (_, phase): Phase & { readonly group: number } => {
    const [rowValues, own] = [made(phase, true), made(phase, false)];
    const sums = values.filter((v) => v.kind === "sum" && madeIn(v) === phase);
    return {
      group: groupOf(phase),
      rowValues,
      values: own,
      rowStores: [...isDueIn(phase, true), ...buffered(rowValues)],
      stores: [...isDueIn(phase, false), ...buffered(own)],
      sums,
      sumStores: buffered(sums),
    };
  });
  const groups = Array.from({ length: 1 + groupOf(count - 1) }, (_, group) => ({
    phases: all.filter((p) => p.group === group),
    norms: norms.filter((v) => groupOf(phaseOf(v)) === group + 1),
  }));
  return { groups, homes };

  function note(x: Value, phase: number): void {
    if (inNest.has(x)) lastUse.set(x, Math.max(lastUse.get(x) ?? 0, phase));
  }
}

const sumOf = (uses: ReadonlyMap<Value, number>): number =>
  [...uses.values()].reduce((a, b) => a + b, 0);
