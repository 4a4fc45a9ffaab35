/** The paper's main experiment, to the letter of its authors' code: network, rates, and what an arm has for itself. */
import { describe, expect, test } from "vitest";
import { cifar10, task } from "../../experiments/cifar10/task.ts";
import { classifier } from "../../experiments/cifar10/model.ts";
import { heldOutSize, stepsOf, type MinibatchConfig } from "../../runs/minibatch/config.ts";
import { isGrid, ratesOf } from "../../runs/rates.ts";
import { ARMS } from "../../runs/records.ts";
import { arms, input, sizeOf, trace } from "../../src/index.ts";

const configOf = (preset: string): MinibatchConfig => ({
  ...cifar10.complete({ preset }, {}),
  ...{ threads: 1, trainSize: 50_000 }, // what the machine and the data decide
});
const paper = configOf("paper");

describe("preset paper", () => {
  test("is 200 epochs of 500 steps, none of the images held out", () => {
    expect(stepsOf(paper)).toBe(100_000);
    expect([isGrid(paper), heldOutSize(paper)]).toEqual([false, 0]);
  });
  test("has the learning rates of figure 1", () => {
    expect(paper.arms).toEqual(ARMS);
    expect(ARMS.map((arm) => ratesOf(paper, arm))).toEqual([
      [0.0003],
      ...[[0.003], [0.003], [0.003], [0.003]],
    ]);
  });
  test("lr falls from epoch to epoch, lr min(2 - epoch / 100, 1), and beta1 once at half time", () => {
    const { lr, beta1 } = task.rates(paper, 0.003);
    for (const step of [0, 49_999, 50_000, 50_499, 50_500, 75_250, 99_499, 99_500, 99_999]) {
      const epoch = Math.floor(step / 500);
      expect(lr(step)).toBeCloseTo(0.003 * Math.min(2 - epoch / 100, 1), 12);
      expect(beta1(step)).toBe(epoch < 100 ? 0.9 : 0.5);
    }
  });
  test("small's rate falls from step to step instead, and its beta1 stays", () => {
    const small = configOf("small");
    const { lr, beta1 } = task.rates(small, 1);
    expect(lr(stepsOf(small) - 1)).toBeCloseTo(2 / stepsOf(small), 12);
    expect(beta1(stepsOf(small) - 1)).toBe(0.9);
  });
});

test("the network has the authors' ten layers, the last one normalized too", () => {
  const x = input("x", [2, 3, 32, 32]);
  const labels = input("labels", [2], "int32");
  const { parameters, preactivations } = trace(classifier(x, labels, paper.network), {
    ...{ mode: "train", norm: arms.weight, key: input("key", [2], "uint32") },
  });
  const shapes = parameters.filter((p) => p.attrs.name.endsWith(".v")).map((p) => p.shape);
  expect(shapes).toEqual([
    ...[[96, 3, 3, 3], ...Array<number[]>(2).fill([96, 96, 3, 3])],
    ...[[192, 96, 3, 3], ...Array<number[]>(3).fill([192, 192, 3, 3])],
    ...[...Array<number[]>(2).fill([192, 192, 1, 1]), [10, 192]],
  ]);
  const units = 3 * 96 + 6 * 192 + 10;
  const weights = shapes.reduce((n, shape) => n + sizeOf(shape), 0);
  expect(parameters.reduce((n, p) => n + sizeOf(p.shape), 0)).toBe(weights + 2 * units); // v, g and b
  const maps = Object.values(preactivations).map((t) => t.shape.slice(2).join("x"));
  expect(maps).toEqual([
    ...Array<string>(3).fill("32x32"),
    ...Array<string>(3).fill("16x16"),
    ...[...Array<string>(3).fill("6x6"), ""],
  ]);
});
