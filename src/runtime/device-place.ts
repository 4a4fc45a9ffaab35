/** Where values lie on a device, and how they get there and back. */
import { sizeOf } from "../graph/index.ts";
import { copySessions, type Type } from "./device-copies.ts";
import { lostOr } from "./device-lost.ts";
import { toOrt } from "./ort.ts";
import type { Place, Tensor, TensorData } from "./program.ts";
import type { Ort, OrtSession, OrtTensor, SessionOptions } from "./session.ts";

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
  /** What a run is fed for a value that lies here; throws where a step has replaced it. In line, as what is freed meanwhile is not to be fed. */
  held(x: Tensor): OrtTensor;
  /** The same for a value of the host that many runs are to be fed: a copy here, as long as there is the value. In line. */
  copied(x: Tensor): Promise<OrtTensor>;
  /** Frees what nobody was given, after the work that is in line. */
  drop(values: readonly OrtTensor[]): void;
  /** One piece of work with the device at a time, as a browser's sessions do not run side by side; a lost device is DeviceLost. */
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
  let last: Promise<unknown> = Promise.resolve();
  const inLine: DevicePlace["inLine"] = (work) => {
    const mine = last.then(work).catch((error: unknown) => {
      throw lostOr(error);
    });
    last = mine.catch(() => undefined);
    return mine;
  };
  const later = laterBy(inLine);
  const free = ({ x, owner }: Held): void => {
    later(() => {
      x.dispose?.();
      owner?.frees();
    });
  };
  const forgotten = new FinalizationRegistry<Held>(free); // values of states that nobody has any more
  const keep = (value: Tensor, held: Held): void => {
    on.set(value, held);
    forgotten.register(value, held, value);
  };
  const readerOf = copySessions(ort, options);
  const loaderOf = copySessions(ort, {
    ...options,
    preferredOutputLocation: { y: "gpu-buffer" },
  });
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
      owner.keeps();
      keep(value, { x, owner });
      return value;
    },
    async copied(value) {
      const found = on.get(value);
      if (found) return found.x;
      const loader = await loaderOf(value);
      const { y } = await loader.run({ x: toOrt(ort, value) });
      keep(value, { x: y });
      return y;
    },
    drop(values) {
      for (const x of values) later(() => x.dispose?.());
    },
    async read(values) {
      const copies: TensorData[] = [];
      for (const value of values)
        copies.push(
          await inLine(async () => {
            const reader = await readerOf(value);
            const { y } = await reader.run({ x: held(value) });
            return y.data as TensorData;
          }),
        );
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
  /** Of what a step has left; copies have none that ends. */
  readonly owner?: Owner;
}
/** Puts work in line that nobody waits for: what goes wrong with it, as where the device is lost, is told to whoever runs next. */
const laterBy =
  (inLine: DevicePlace["inLine"]) =>
  (work: () => unknown): void => {
    inLine(async () => Promise.resolve(work())).catch(() => undefined);
  };

/** To free a value of a session that is gone ends the process in Node. */
function ownerOf(session: OrtSession, inLine: DevicePlace["inLine"]): Owner {
  let values = 0;
  let isOver = false;
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> | undefined =>
    isOver && values === 0 ? (ended ??= session.release()) : undefined;
  return {
    session,
    keeps() {
      values++;
    },
    frees() {
      values--;
      laterBy(inLine)(end);
    },
    async release() {
      isOver = true;
      await inLine(async () => end());
    },
  };
}

function refuse({ shape }: Pick<Type, "shape">): never {
  throw new Error(
    `webgpu: a value of shape [${shape}] lies on the device, got its data asked for here; await read(state, [...names]) copies it`,
  );
}

/** Whether a value of the host is worth a copy on the device that stays: smaller ones are sent with a run. */
export const isWorthACopy = ({ dtype, shape }: Type): boolean =>
  hasBuffer({ dtype, shape }) && sizeOf(shape) >= 1024;

/** Whether a value can stay on the device: some kinds have no buffer of their own. */
export const hasBuffer = ({ dtype, shape }: Type): boolean =>
  dtype !== "bool" && !shape.includes(0);
