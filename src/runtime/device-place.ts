/** Where values lie on a device, and how they are read from there. */
import type { Dtype, Shape } from "../graph/index.ts";
import { encodeGraph } from "../onnx/index.ts";
import type { Ort, OrtSession, OrtTensor, SessionOptions } from "./session.ts";
import type { Place, Tensor, TensorData } from "./program.ts";

interface Type {
  readonly dtype: Dtype;
  readonly shape: Shape;
}
/** A session whose values may outlive it: it is let go of once they are. */
export interface Owner {
  readonly session: OrtSession;
  /** A value of it is on the device. */
  keeps(): void;
  frees(): void;
  /** Ends it, with the last of its values. */
  release(): Promise<void>;
}
export interface DevicePlace extends Place {
  /** The value that a run of `owner` left on the device. */
  put(x: OrtTensor, type: Type, owner: Owner): Tensor;
  /** The owner of what a session leaves on the device. */
  own(session: OrtSession): Owner;
  /** What a run is fed for it; throws where a step has replaced it. */
  held(x: Tensor): OrtTensor;
  /** One piece of work with the device at a time, as a browser's sessions do not run side by side. */
  inLine<T>(work: () => Promise<T>): Promise<T>;
}

const places = new WeakMap<Ort, DevicePlace>(); // all sessions of one ONNX Runtime share its device, and so their values

/** The device that `options` run on, which is one for every `ort`. */
export function devicePlace(ort: Ort, options: SessionOptions): DevicePlace {
  const place = places.get(ort) ?? makePlace(ort, options);
  places.set(ort, place);
  return place;
}

function makePlace(ort: Ort, options: SessionOptions): DevicePlace {
  const on = new WeakMap<Tensor, Held>();
  const free = ({ x, owner }: Held): void => {
    x.dispose?.();
    owner.frees();
  };
  const forgotten = new FinalizationRegistry<Held>(free); // values of states that nobody has any more
  let last: Promise<unknown> = Promise.resolve();
  const inLine: DevicePlace["inLine"] = (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  const readerOf = readers(ort, options);
  const held = (x: Tensor): OrtTensor => {
    const found = on.get(x);
    if (found) return found.x;
    throw new Error(
      `webgpu: a value of shape [${x.shape}] was replaced by a step, got it to run with; take it from the state again, or keep a copy by await read(state)`,
    );
  };
  const place: DevicePlace = {
    name: "webgpu",
    inLine,
    held,
    own: (session) => ownerOf(session, inLine),
    put(x, { dtype, shape }, owner) {
      const value = Object.defineProperty({ dtype, shape, place }, "data", {
        get: () => refuse({ shape }),
      }) as unknown as Tensor;
      const held = { x, owner };
      owner.keeps();
      on.set(value, held);
      forgotten.register(value, held, value);
      return value;
    },
    async read(values) {
      const copies: TensorData[] = [];
      for (const value of values) {
        const reader = await readerOf(value);
        const { y } = await inLine(() => reader.run({ x: held(value) }));
        copies.push(y.data as TensorData);
      }
      return copies;
    },
    dispose(value) {
      const held = on.get(value);
      if (!held) return;
      on.delete(value);
      forgotten.unregister(value);
      free(held);
    },
  };
  return place;
}

interface Held {
  readonly x: OrtTensor;
  readonly owner: Owner;
}
/** To free a value of a session that is gone ends the process in Node. */
function ownerOf(session: OrtSession, inLine: DevicePlace["inLine"]): Owner {
  let values = 0;
  let isOver = false;
  const end = (): Promise<void> => inLine(() => session.release());
  return {
    session,
    keeps() {
      values++;
    },
    frees() {
      values--;
      if (isOver && values === 0) void end();
    },
    async release() {
      isOver = true;
      if (values === 0) await end();
    },
  };
}

function refuse({ shape }: Pick<Type, "shape">): never {
  throw new Error(
    `webgpu: a value of shape [${shape}] lies on the device, got its data asked for here; await read(state, [...names]) copies it`,
  );
}

/**
 * Sessions that copy a value to where it can be read, one for each type and number of axes. A tensor's own `getData` would be
 * shorter, and ends the process in Node.
 */
function readers(ort: Ort, options: SessionOptions): (x: Type) => Promise<OrtSession> {
  const made = new Map<string, Promise<OrtSession>>();
  return ({ dtype, shape }) => {
    const key = `${dtype} ${shape.length}`;
    const found =
      made.get(key) ?? ort.InferenceSession.create(copyOf(dtype, shape.length), options);
    made.set(key, found);
    return found;
  };
}
function copyOf(dtype: Dtype, rank: number): Uint8Array {
  const shape = Array.from({ length: rank }, (_, axis) => `axis ${axis}`);
  const nodes = [{ name: "y", opType: "Identity", domain: "", input: ["x"], output: ["y"] }];
  const ports = { inputs: [{ name: "x", dtype, shape }], outputs: [{ name: "y", dtype, shape }] };
  const graph = { ...ports, nodes, initializers: [], opset: 17, domains: [] };
  return encodeGraph(graph, { metadata: {} });
}
