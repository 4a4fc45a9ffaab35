/** CIFAR-10's whitening is fitted once, and kept by the content that it was fitted to. */
import { expect, test, vi } from "vitest";
import { PIXELS, transformName, whitened } from "../../experiments/cifar10/whitened.ts";
import { decodeCheckpoint, type Runtime } from "../../src/index.ts";
import * as whitening from "../../src/train/whitening.ts";

vi.mock("../../src/train/whitening.ts", { spy: true });

const runtime: Runtime = { name: "none", compile: () => Promise.reject(new Error("not needed")) };
const images = new Uint8Array(PIXELS).fill(3);
const set = { images, labels: new Uint8Array(1), count: 1, channels: 3, height: 32, width: 32 };
const NAME = "zca-1-0.00001-e80232b4d18d0bb7.safetensors";

test("its name is what it was before", async () => {
  expect(await transformName(new Uint8Array(PIXELS))).toBe(NAME);
  expect(await transformName(images)).not.toBe(NAME);
});

test("is fitted once, and again where what was kept is damaged", async () => {
  const square = Float64Array.from({ length: PIXELS ** 2 }, (_, i) => i % 7);
  const mean = new Float64Array(PIXELS).fill(0.5);
  vi.mocked(whitening.fitWhitening).mockResolvedValue({ mean, forward: square, back: square });
  vi.mocked(whitening.applyWhitening).mockResolvedValue(new Float32Array(0));
  const kept = new Map<string, Uint8Array>();
  const door = {
    recall: (name: string) => Promise.resolve(kept.get(name)),
    keep: (name: string, bytes: Uint8Array) => Promise.resolve(void kept.set(name, bytes)),
  };
  const fits = async (): Promise<number> => {
    vi.mocked(whitening.fitWhitening).mockClear();
    await whitened([set, set], { runtime, door });
    return vi.mocked(whitening.fitWhitening).mock.calls.length;
  };
  expect(await fits()).toBe(1);
  expect(await fits()).toBe(0);
  const [[name, bytes]] = [...kept];
  expect(name).toBe(await transformName(images));
  const { state } = decodeCheckpoint(bytes, name); // which older versions read too
  expect(state.get("mean")).toMatchObject({ shape: [PIXELS] });
  expect(state.get("forward")).toMatchObject({ shape: [PIXELS, PIXELS] });
  const transform = vi.mocked(whitening.applyWhitening).mock.lastCall![1];
  expect(transform.forward.every((x, i) => x === square[i])).toBe(true); // `toEqual` takes a minute
  kept.set(name, bytes.subarray(0, -1));
  expect(await fits()).toBe(1);
});
