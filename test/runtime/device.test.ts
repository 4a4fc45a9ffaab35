/** State on a device, by an ONNX Runtime that is played: what real ones do is in test/conformance and test/runtime/webgpu.test.ts. */
import { describe, expect, test } from "vitest";
import {
  add,
  argmax,
  input,
  log,
  parameter,
  slice,
  sum,
  type Node,
} from "../../src/graph/index.ts";
import { DeviceLost } from "../../src/runtime/device-lost.ts";
import { deviceRuntime, type Fallback } from "../../src/runtime/device.ts";
import type { Ort, OrtTensor, SessionOptions } from "../../src/runtime/session.ts";
import { placementInWords } from "../../src/runtime/placement.ts";
import { initialState, tensor, type State, type TensorData } from "../../src/runtime/program.ts";
import { read } from "../../src/runtime/read.ts";

interface Played {
  readonly ort: Ort;
  /** What happened to values and sessions, in order. */
  readonly events: string[];
}
interface Script {
  /** Throws where a session is not to be had. */
  readonly create?: (model: string, options: SessionOptions) => void;
  readonly run?: () => void;
  /** Throws where a value cannot be copied. */
  readonly copy?: () => void;
}
/**
 * Counts a up by 1, or by b, and says its sum; what is on the device has a name that says its value. As real sessions do, it looks at
 * what it is fed a while after it is asked.
 */
function play({
  create = () => undefined,
  run = () => undefined,
  copy = () => undefined,
}: Script = {}): Played {
  const events: string[] = [];
  const on = new Map<OrtTensor, TensorData>();
  class Tensor implements OrtTensor {
    readonly location = "cpu";
    readonly type: string;
    readonly data: TensorData;
    readonly dims: readonly number[];
    constructor(type: string, data: TensorData, dims: readonly number[]) {
      this.type = type;
      this.data = data;
      this.dims = dims;
    }
  }
  const there = (data: Float32Array): OrtTensor => {
    const x: OrtTensor = {
      ...{ type: "float32", dims: [2], location: "gpu-buffer", data: undefined },
      dispose: () => {
        on.delete(x);
        events.push(`freed ${data.join(" ")}`);
      },
    };
    on.set(x, data);
    return x;
  };
  const fed = (x: OrtTensor): Float32Array => {
    const data = on.get(x) ?? x.data;
    if (!data) throw new Error("Tensor.location is not supported.");
    return data as Float32Array;
  };
  let isBusy = false;
  const alone = async <T>(work: () => T): Promise<T> => {
    if (isBusy) throw new Error("sessions do not run side by side");
    isBusy = true;
    await new Promise((resolve) => setTimeout(resolve));
    isBusy = false;
    return work();
  };
  const ort: Ort = {
    Tensor,
    InferenceSession: {
      create: (model, options = {}) =>
        alone(() => {
          create(new TextDecoder("latin1").decode(model), options);
          const isLoader = options.preferredOutputLocation?.["y"] === "gpu-buffer";
          return {
            run: (feeds) =>
              alone((): Readonly<Record<string, OrtTensor>> => {
                if ("x" in feeds) {
                  copy();
                  const x = fed(feeds["x"]).slice();
                  if (isLoader) events.push(`copied ${x.length} there`);
                  return { y: isLoader ? there(x) : new Tensor("float32", x, [2]) };
                }
                run();
                const a = fed(feeds["state:a"]);
                const b = "state:b" in feeds ? fed(feeds["state:b"])[0] : 1;
                const y = Float32Array.of(a[0] + a[1]);
                return {
                  "next:a": there(a.map((v) => v + b)),
                  "output:y": new Tensor("float32", y, []),
                };
              }),
            release: async () => Promise.resolve(void events.push("session ended")),
          };
        }),
    },
  };
  return { ort, events };
}
const runtimeOf = ({ ort }: Played, fallback: Fallback = true): ReturnType<typeof deviceRuntime> =>
  deviceRuntime("played", () => Promise.resolve(ort), {
    ...{ where: "played", advice: "plug one in", session: {}, host: {}, fallback },
  });
const a = parameter("a", [2], { init: { kind: "values", values: [1, 2] } });
const counting = { outputs: { y: sum(a) }, updates: [{ parameter: a, next: add(a, 1) }] };
const numbers = async (state: State): Promise<readonly number[]> =>
  Array.from((await read(state)).get("a")!.data);

describe("state", () => {
  test("stays, is freed when replaced, and is read by a copy", async () => {
    const played = play();
    const program = await runtimeOf(played).compile(counting);
    const state = initialState([a], 0);
    await program.run({}, state);
    const first = state.get("a")!;
    expect(first.place?.name).toBe("webgpu");
    expect(played.events).toEqual([]);
    const { y } = await program.run({}, state);
    expect(Array.from(y.data)).toEqual([5]);
    expect(played.events).toEqual(["freed 2 3"]);
    expect(await numbers(state)).toEqual([3, 4]);
    state.set("a", tensor([10, 20]));
    await program.run({}, state);
    expect(await numbers(state)).toEqual([11, 21]);
    state.set("a", first);
    await expect(program.run({}, state)).rejects.toThrow(
      "webgpu: a value of shape [2] was replaced by a step, got it to run with; take it from the state again, or keep a copy by await read(state)",
    );
  });
  test("does not show its data here", async () => {
    const program = await runtimeOf(play()).compile(counting);
    const state = initialState([a], 0);
    await program.run({}, state);
    expect(() => state.get("a")!.data).toThrow(
      "webgpu: a value of shape [2] lies on the device, got its data asked for here; await read(state, [...names]) copies it",
    );
  });
  test("outlives its program, whose session ends with it", async () => {
    const played = play();
    const runtime = runtimeOf(played);
    const [program, other] = [await runtime.compile(counting), await runtime.compile(counting)];
    const state = initialState([a], 0);
    await program.run({}, state);
    await program.release();
    expect(played.events).toEqual([]);
    expect(await numbers(state)).toEqual([2, 3]);
    await other.run({}, state);
    expect(await numbers(state)).toEqual([3, 4]);
    expect(played.events).toEqual(["freed 2 3", "session ended"]);
  });
  test("beside a copy of its map: what a step feeds is not freed by another, and what is gone says so", async () => {
    const program = await runtimeOf(play()).compile(counting);
    const state = initialState([a], 0);
    await program.run({}, state);
    const copy = new Map(state);
    await Promise.all([program.run({}, state), program.run({}, copy)]);
    expect(await numbers(state)).toEqual([3, 4]);
    expect(await numbers(copy)).toEqual([3, 4]);
    const late = new Map(state); // whose turn comes when the value has been replaced
    const other = initialState([a], 0);
    const [, , third] = await Promise.allSettled([
      program.run({}, state),
      program.run({}, other),
      program.run({}, late),
    ]);
    expect(third).toMatchObject({
      reason: { message: expect.stringContaining("was replaced by a step") as string },
    });
  });
  test("that a program does not change is copied to the device once, as long as it is the same tensor", async () => {
    const played = play();
    const b = parameter("b", [2000], { init: { kind: "constant", value: 3 } });
    const program = await runtimeOf(played).compile({
      ...counting,
      updates: [{ parameter: a, next: add(a, slice(b, { axis: 0, start: 0, end: 2 })) }],
    });
    const state = initialState(program.parameters, 0);
    await program.run({}, state);
    await program.run({}, new Map([...state, ["a", tensor([1, 1])]]));
    await program.run({}, state);
    expect(await numbers(state)).toEqual([7, 8]);
    expect(played.events).toEqual(["copied 2000 there", "freed 4 5"]);
    state.set("b", tensor(Float32Array.from({ length: 2000 }, () => 5)));
    await program.run({}, state);
    expect(await numbers(state)).toEqual([12, 13]);
    expect(played.events.slice(2)).toEqual(["copied 2000 there", "freed 7 8"]);
    expect(Array.from(state.get("b")!.data.slice(0, 2))).toEqual([5, 5]); // and is on the host still
  });
  test("is left as it was, and what was computed freed, where a watched output is no number", async () => {
    const played = play();
    const program = await runtimeOf(played).compile({ ...counting, watch: ["y"] });
    const state: State = new Map([["a", tensor([NaN, 1])]]);
    await program.run({}, state);
    expect(state.get("a")).toEqual(tensor([NaN, 1]));
    expect(played.events).toEqual(["freed NaN 2"]);
  });
});

describe("a lost device is said to be lost", () => {
  const lose = (): never => {
    throw new Error("WebGPU: the device was lost: VK_ERROR_DEVICE_LOST");
  };
  const inWords =
    "webgpu: expected the device to go on, got it lost (WebGPU: the device was lost: VK_ERROR_DEVICE_LOST); start again from what was saved";
  test("by a step, and the state stays as it was", async () => {
    const program = await runtimeOf(play({ run: lose })).compile(counting);
    const state = initialState([a], 0);
    const failed = program.run({}, state);
    await expect(failed).rejects.toBeInstanceOf(DeviceLost);
    await expect(failed).rejects.toThrow(inWords);
    expect(state.get("a")).toEqual(tensor([1, 2]));
  });
  test("by what reads the state, and by what compiles", async () => {
    let isLost = false;
    const copy = (): void => {
      if (isLost) lose();
    };
    const runtime = runtimeOf(play({ copy, create: copy }));
    const program = await runtime.compile(counting);
    const state = initialState([a], 0);
    await program.run({}, state);
    isLost = true;
    await expect(read(state)).rejects.toBeInstanceOf(DeviceLost);
    await expect(read(state)).rejects.toThrow(inWords);
    await expect(runtime.compile(counting)).rejects.toBeInstanceOf(DeviceLost);
  });
});
test("a session that was not to be had is asked for again", async () => {
  let isFull = false;
  const create = (): void => {
    if (isFull) throw new Error("out of memory");
  };
  const program = await runtimeOf(play({ create })).compile(counting);
  const state = initialState([a], 0);
  await program.run({}, state);
  isFull = true;
  await expect(read(state)).rejects.toThrow("out of memory");
  isFull = false;
  expect(await numbers(state)).toEqual([2, 3]);
});
test("no device is said in one sentence, with what to do", async () => {
  const none = play({
    create: () => {
      throw new Error("Failed to get a WebGPU adapter: No supported adapters");
    },
  });
  await expect(runtimeOf(none).compile(counting)).rejects.toThrow(
    "played: expected a device for WebGPU, got none; plug one in",
  );
});

describe("an op that the device lacks", () => {
  /** Has no kernel for logarithms. */
  const withoutLog = (): Played =>
    play({
      create: (model, { extra }) => {
        if (extra && /Log_\d|Log\x1a/.test(model))
          throw new Error("fallback to CPU EP has been explicitly disabled");
      },
    });
  const x = input("x", [3, 4]);
  const outputs: Readonly<Record<string, Node>> = { y: argmax(log(x), 1) };
  test("is named where it is not to fall back", async () => {
    await expect(runtimeOf(withoutLog(), false).compile({ inputs: [x], outputs })).rejects.toThrow(
      "played: expected every op on the device, got log of float [3, 4] that it has no kernel for; allow fallback, or leave them out",
    );
  });
  test("is told of without a name where it has kernels for all ops that are alone", async () => {
    const played = play({
      create: (_, { extra, preferredOutputLocation }) => {
        if (extra && preferredOutputLocation)
          throw new Error("fallback to CPU EP has been explicitly disabled");
      },
    });
    const told: string[] = [];
    await runtimeOf(played, (ops) => void told.push(...ops)).compile({ inputs: [x], outputs });
    expect(told).toEqual(["some ops"]);
  });
  test("is told otherwise", async () => {
    const told: string[] = [];
    const runtime = runtimeOf(withoutLog(), (ops) => void told.push(...ops));
    await runtime.compile({ inputs: [x], outputs });
    expect(told).toEqual(["log of float [3, 4]"]);
    expect(placementInWords(runtime.placement())).toMatch(
      /^of \d+ nodes on the CPU, with a copy there and back: log of float \[3, 4\]$/,
    );
  });
});
