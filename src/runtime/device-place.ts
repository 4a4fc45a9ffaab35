/** Where values lie on a device, and how they are read from there. */
import type { Dtype, Shape } from "../graph/index.ts";
import { encodeGraph } from "../onnx/index.ts";
import type { Ort, OrtSession, OrtTensor, SessionOptions } from "./ort.ts";
import type { Place, Tensor, TensorData } from "./program.ts";

interface Type {
  readonly dtype: Dtype;
  readonly shape: Shape;
}
export interface DevicePlace extends Place {
  /** The value that a run left on the device. */
  put(x: OrtTensor, type: Type): Tensor;
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
  const on = new WeakMap<Tensor, OrtTensor>();
  // Values of states that nobody has any more.
  const forgotten = new FinalizationRegistry<OrtTensor>((x) => x.dispose?.());
  let last: Promise<unknown> = Promise.resolve();
  const inLine: DevicePlace["inLine"] = (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  const readerOf = readers(ort, options);
  const held = (x: Tensor): OrtTensor => {
    const found = on.get(x);
    if (found) return found;
    throw new Error(
      `webgpu: a value of shape [${x.shape}] was replaced by a step, got it to run with; take it from the state again, or keep a copy by await read(state)`,
    );
  };
  const place: DevicePlace = {
    name: "webgpu",
    inLine,
    held,
    put(x, { dtype, shape }) {
      const value = Object.defineProperty({ dtype, shape, place }, "data", {
        get: () => refuse({ shape }),
      }) as unknown as Tensor;
      on.set(value, x);
      forgotten.register(value, x, value);
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
      const x = on.get(value);
      if (!x) return;
      on.delete(value);
      forgotten.unregister(value);
      x.dispose?.();
    },
  };
  return place;
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
