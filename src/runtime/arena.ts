/** Memory in which the state of a training run lies, for steps that change it in place. */
import type { Shape } from "../graph/index.ts";
import { Memory, type WasmMemory } from "./webassembly.ts";
import type { Place, State, Tensor } from "./program.ts";

/** What memories have in common: values in them are arrays of this host, until a step writes over them. */
export const memory: Place = {
  name: "memory",
  read: (values) => Promise.resolve(values.map(({ data }) => data.slice())),
};

/** Room for some floats. */
export interface Slot {
  readonly at: number;
  readonly floats: number;
  readonly view: () => Float32Array<ArrayBuffer>;
  /** The value that its numbers are, as it was given out; undefined where they are a copy. */
  given?: Given | undefined;
}
type Given = { -readonly [K in keyof Tensor]: Tensor[K] };
export interface Arena {
  readonly memory: WasmMemory;
  /** The room that goes by that name, made when it is first asked for. */
  slot(name: string, floats: number): Slot;
  /** The address of `bytes` that are nobody else's. */
  room(bytes: number): number;
  /** Room that is anybody's between one step and the next: `bytes` of it, from the address that comes back. */
  scratch(bytes: number): number;
}

const arenas = new WeakMap<State, Arena>();
/** The memory of a state. */
export function arenaOf(state: State): Arena {
  const arena = arenas.get(state) ?? makeArena();
  arenas.set(state, arena);
  return arena;
}

const PAGE = 65536;
/** Addresses are multiples of this, as ONNX Runtime has its own. */
const ALIGNMENT = 64;
const aligned = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

function makeArena(): Arena {
  const wasm = new Memory({ initial: 1 });
  const slots = new Map<string, Slot>();
  let end = ALIGNMENT; // nothing lies at 0
  let scratch = { at: 0, bytes: 0 };
  const take = (bytes: number): number => {
    const at = end;
    const missing = end + aligned(bytes) - wasm.buffer.byteLength;
    if (missing > 0) {
      wasm.grow(Math.ceil(missing / PAGE)); // is another buffer, of which values have to know
      for (const slot of slots.values()) if (slot.given) slot.given.data = slot.view();
    }
    end += aligned(bytes);
    return at;
  };
  return {
    memory: wasm,
    slot(name, floats) {
      const known = slots.get(name);
      if (known?.floats === floats) return known;
      if (known) forget(known);
      const at = take(4 * floats);
      let view = new Float32Array(wasm.buffer, at, floats);
      const made: Slot = {
        ...{ at, floats },
        view: () =>
          (view = view.length === floats ? view : new Float32Array(wasm.buffer, at, floats)),
      };
      slots.set(name, made);
      return made;
    },
    room: take,
    scratch(bytes) {
      if (bytes > scratch.bytes) scratch = { at: take(bytes), bytes };
      return scratch.at;
    },
  };
}

/** Puts a value that lies elsewhere into a slot: at every step, since its owner may have filled it anew. */
export function fill(slot: Slot, x: Tensor): void {
  const { data } = x;
  forget(slot);
  slot.view().set(data);
}

/** The same value in an array of its own. */
export const copied = ({ dtype, shape, data }: Tensor): Tensor => ({
  ...{ dtype, shape },
  data: data.slice(),
});

/** What a slot has now, as a value: good until the slot has another. */
export function held(slot: Slot, shape: Shape): Tensor {
  forget(slot);
  slot.given = { dtype: "float", shape, data: slot.view(), place: memory };
  return slot.given;
}

function forget(slot: Slot): void {
  if (slot.given) slot.given.data = gone;
  slot.given = undefined;
}
/** Whether a value was written over. */
export const isGone = ({ data }: Tensor): boolean => data === gone;
/** The elements of a value that was written over: whoever looks at them hears of it. */
const gone = new Proxy(new Float32Array(0), {
  get() {
    throw new Error(
      "state: this value is gone, got its data asked for after a step was written over it; take it from the state again, or keep what `await read(state)` gives",
    );
  },
});
