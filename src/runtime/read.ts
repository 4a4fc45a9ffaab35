/** State as arrays of this host, wherever it lies. */
import { described } from "../graph/index.ts";
import type { Place, State, Tensor } from "./program.ts";
import { inTurn } from "./turns.ts";

/**
 * The values of `state`, or of those parameters that are named, as plain tensors that nothing changes any more: what lies in a
 * {@link Place} is copied from there, once for all of it; what does not is handed on as it is. Waits for runs that change the state.
 */
export const read = async (state: State, names?: Iterable<string>): Promise<State> => {
  if (!((state as unknown) instanceof Map))
    throw new Error(`read: expected a state, a Map of tensors, got ${described(state)}; pass that`);
  if (names !== undefined && (typeof names === "string" || !isIterable(names)))
    throw new Error(`read: names must be a list, got ${described(names)}; write ["w"]`);
  return inTurn(state, { updates: false }, () => readNow(state, names ?? state.keys()));
};
const isIterable = (x: unknown): boolean =>
  typeof x === "object" && x !== null && Symbol.iterator in x;

/** The same between one run and the next. */
export async function readNow(state: State, names: Iterable<string>): Promise<State> {
  const found = new Map([...names].map((name) => [name, valueOf(state, name)]));
  const byPlace = new Map<Place, [string, Tensor][]>();
  for (const [name, x] of found)
    if (x.place) byPlace.set(x.place, [...(byPlace.get(x.place) ?? []), [name, x]]);
  for (const [place, values] of byPlace) {
    const copies = await place.read(values.map(([, x]) => x));
    for (const [i, [name, { dtype, shape }]] of values.entries())
      found.set(name, { dtype, shape, data: copies[i] });
  }
  return found;
}

function valueOf(state: State, name: string): Tensor {
  const x = state.get(name);
  if (!x) throw new Error(`read: the state has no "${name}"; name parameters that it has`);
  return x;
}
