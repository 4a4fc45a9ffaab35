/** State on a device, by an ONNX Runtime that is played: what real ones do is in test/conformance and test/runtime/webgpu.test.ts. */
import { describe, expect, test } from "vitest";
import { add, argmax, input, log, parameter, sum, type Node } from "../../src/graph/index.ts";
import { DeviceLost, deviceRuntime, type Fallback } from "../../src/runtime/device.ts";
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
}
/** Counts a up by 1 and says its sum; what is on the device has a name that says its value. */
function play({ create = () => undefined, run = () => undefined }: Script = {}): Played {
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
      dispose: () => void events.push(`freed ${data.join(" ")}`),
    };
    on.set(x, data);
    return x;
  };
  const ort: Ort = {
    Tensor,
    InferenceSession: {
      create: async (model, options = {}) => {
        create(new TextDecoder("latin1").decode(model), options);
        return Promise.resolve({
          run: async (feeds) => {
            const x = feeds["x"] ?? feeds["state:a"];
            const a = (on.get(x) ?? x.data) as Float32Array;
            if ("x" in feeds) return Promise.resolve({ y: new Tensor("float32", a.slice(), [2]) });
            run();
            const y = Float32Array.of(a[0] + a[1]);
            return Promise.resolve({
              "next:a": there(a.map((v) => v + 1)),
              "output:y": new Tensor("float32", y, []),
            });
          },
          release: async () => Promise.resolve(void events.push("session ended")),
        });
      },
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
  test("is left as it was, and what was computed freed, where a watched output is no number", async () => {
    const played = play();
    const program = await runtimeOf(played).compile({ ...counting, watch: ["y"] });
    const state: State = new Map([["a", tensor([NaN, 1])]]);
    await program.run({}, state);
    expect(state.get("a")).toEqual(tensor([NaN, 1]));
    expect(played.events).toEqual(["freed NaN 2"]);
  });
});

test("a lost device is said to be lost, and the state stays as it was", async () => {
  const lost = play({
    run: () => {
      throw new Error("WebGPU: the device was lost: VK_ERROR_DEVICE_LOST");
    },
  });
  const program = await runtimeOf(lost).compile(counting);
  const state = initialState([a], 0);
  const failed = program.run({}, state);
  await expect(failed).rejects.toBeInstanceOf(DeviceLost);
  await expect(failed).rejects.toThrow(
    "played: expected the device to go on, got it lost (WebGPU: the device was lost: VK_ERROR_DEVICE_LOST); start again from what was saved",
  );
  expect(state.get("a")).toEqual(tensor([1, 2]));
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
