/** Values that must be computed together, over rows of one length: a parameter's update, its optimizer's state, its sums. */
import type { Place, Store, Value } from "./expression.ts";

/** One loop over rows. Its values have a number an element (`size` = rows times width) or a number a row. */
export interface Nest {
  readonly rows: number;
  readonly width: number;
  /** Inputs first. */
  readonly values: readonly Value[];
  readonly stores: readonly Store[];
}
export interface Nests {
  /** Single numbers that rest on no row: computed first, once. */
  readonly numbers: { readonly values: readonly Value[]; readonly stores: readonly Store[] };
  readonly nests: readonly Nest[];
}

/** The nests of what is stored, or the values that fit into none. */
export function nestsOf(stores: readonly Store[]): Nests | { readonly misfits: readonly Value[] } {
  const values = below(stores.map((s) => s.value));
  const nestOf = joined(values, stores);
  const members = new Map<Value, { values: Value[]; stores: Store[] }>();
  const numbers: { values: Value[]; stores: Store[] } = { values: [], stores: [] };
  const partOf = (v: Value): { values: Value[]; stores: Store[] } => {
    const root = nestOf(v);
    if (!root) return numbers;
    const part = members.get(root) ?? { values: [], stores: [] };
    members.set(root, part);
    return part;
  };
  for (const v of values) partOf(v).values.push(v);
  for (const s of stores) partOf(s.value).stores.push(s);
  const misfits: Value[] = [];
  const nests = [...members.values()].map((part): Nest => {
    const size = Math.max(...part.values.map((v) => v.size));
    const others = part.values.filter((v) => v.size !== size);
    const rows = Math.max(1, ...others.map((v) => v.size)); // of several, that of the shortest rows
    misfits.push(...others.filter((v) => v.size !== rows || size % rows > 0));
    return { rows, width: size / rows, ...part };
  });
  return misfits.length > 0 ? { misfits } : { numbers, nests };
}

/** Whether a value is what lies at a place before anything is stored. */
export const isAt = ({ at }: Value, place: Place): boolean =>
  at !== undefined && JSON.stringify(at) === JSON.stringify(place);

/** What `roots` rest on, inputs before what uses them, as their numbers are. */
export function below(roots: readonly Value[]): readonly Value[] {
  const found = new Set(roots);
  for (const v of found) for (const x of v.inputs) found.add(x); // which the loop then comes to
  return [...found].sort((a, b) => a.id - b.id);
}

/** By value a representative of its nest; undefined of single numbers that rest on none. */
function joined(
  values: readonly Value[],
  stores: readonly Store[],
): (v: Value) => Value | undefined {
  const parents = new Map<Value, Value>();
  const rootOf = (v: Value): Value => {
    let root = v;
    for (let up = parents.get(root); up && up !== root; up = parents.get(root)) root = up;
    for (let on = v; on !== root;) {
      const next = parents.get(on)!;
      parents.set(on, root); // the way is shorter next time
      on = next;
    }
    return root;
  };
  for (const v of values) {
    // A single number is of a nest where a row's sum is in it.
    const of = v.inputs.filter((x) => x.size > 1 || parents.has(x));
    if (v.size === 1 && of.length === 0) continue;
    parents.set(v, v);
    for (const x of of) parents.set(rootOf(x), v);
  }
  // What is stored over is read in the same loop.
  for (const { to, value } of stores) {
    const old = values.find((v) => isAt(v, to));
    if (old && parents.has(old) && parents.has(value)) parents.set(rootOf(old), rootOf(value));
  }
  return (v) => (parents.has(v) ? rootOf(v) : undefined);
}
