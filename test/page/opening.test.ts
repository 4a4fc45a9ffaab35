/** What a checkpoint that is opened asks for. */
import { expect, test } from "vitest";
import { cifar10 } from "../../experiments/cifar10/task.ts";
import { opened } from "../../page/worker/opening.ts";
import { ratesOf } from "../../runs/rates.ts";
import { encodeCheckpoint } from "../../src/index.ts";

test("trained anew it has its rate, also where that is the preset's for other arms", async () => {
  const { arms, seeds, lr, ...rest } = cifar10.complete(
    { preset: "small", arms: ["weight"], lr: [0.003], threads: 1, trainSize: 100 },
    {},
  );
  const config = { ...rest, experiment: "cifar10", arm: arms[0], lr: lr[0] };
  const made = { step: 1, seed: seeds[0], state: new Map(), progress: {}, config };
  const { wish } = await opened("w.safetensors", encodeCheckpoint(made), "wasm");
  expect(wish.asked).toMatchObject({ preset: "small", arms: ["weight"] });
  expect(ratesOf(cifar10.complete(wish.asked, {}), "weight")).toEqual([0.003]);
});
