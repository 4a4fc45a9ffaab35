/** A runtime that keeps what its steps change in a place of its own, as one on a device would: nothing of that is to be looked at. */
import {
  read,
  type Place,
  type Program,
  type ProgramSpec,
  type Runtime,
  type State,
  type Tensor,
  type TensorData,
} from "../../src/index.ts";
import { inTurn } from "../../src/runtime/turns.ts";

export interface Placed {
  readonly runtime: Runtime;
  /** Values that lie there. */
  count(): number;
  /** Values that were copied from there. */
  copied(): number;
}

/** Another runtime so; what a step replaces is gone from its place, and using it again an error. */
export function placed(inner: Runtime): Placed {
  const held = new Map<Tensor, TensorData>();
  let copied = 0;
  const heldOf = (x: Tensor): TensorData => {
    const data = held.get(x);
    if (!data) throw new Error("placed: a step has replaced this value, got it again; read it");
    return data;
  };
  const place: Place = {
    name: "a place of tests",
    read(values) {
      copied += values.length;
      return Promise.resolve(values.map((x) => heldOf(x).slice()));
    },
    dispose(x) {
      heldOf(x).fill(x.dtype === "float" ? NaN : 77); // as memory that is written over
      held.delete(x);
    },
  };
  const put = ({ dtype, shape, data }: Tensor): Tensor => {
    const x: Tensor = {
      ...{ dtype, shape, place },
      get data(): TensorData {
        throw new Error("placed: the values lie in a place, got asked for; read the state");
      },
    };
    held.set(x, data.slice());
    return x;
  };
  const fetched = async (x: Tensor): Promise<Tensor> => {
    const { dtype, shape } = x;
    if (x.place === undefined) return x;
    const [data] = x.place === place ? [heldOf(x).slice()] : await x.place.read([x]);
    return { dtype, shape, data };
  };

  async function compile(spec: ProgramSpec): Promise<Program> {
    const program = await inner.compile(spec);
    const changed = (spec.updates ?? []).map(({ parameter }) => parameter.attrs.name);
    const used = new Set([...program.parameters.map(({ attrs }) => attrs.name), ...changed]);
    const step: Program["run"] = async (feeds, state) => {
      const inside: State = new Map();
      for (const [name, x] of state) if (used.has(name)) inside.set(name, await fetched(x));
      const before = new Map(inside);
      const outputs = await program.run(feeds, inside);
      const after = await read(inside, changed);
      for (const name of changed) {
        if (inside.get(name) === before.get(name)) continue; // a step that was not taken
        const old = state.get(name);
        state.set(name, put(after.get(name)!));
        old?.place?.dispose?.(old);
      }
      return outputs;
    };
    return {
      ...program,
      run: (feeds, state) =>
        inTurn(state, { updates: changed.length > 0 }, () => step(feeds, state)),
    };
  }
  return {
    runtime: { ...inner, name: `${inner.name}, placed`, compile },
    count: () => held.size,
    copied: () => copied,
  };
}
