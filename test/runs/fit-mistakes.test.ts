/** What is said of options and data that no training can be made of. */
import { describe, expect, test } from "vitest";
import {
  adam,
  apply,
  classifier,
  dense,
  fit,
  memoryStore,
  ops,
  regressor,
  sequential,
  sgd,
  type FitOptions,
} from "../../index.ts";
import { nodeRuntime } from "../../node.ts";
import { layer, twoClasses } from "./two-classes.ts";

const runtime = nodeRuntime({ threads: 1 });
const options = {
  ...{ network: classifier(layer()), data: twoClasses(203), standardize: ["x"], runtime },
  ...{ lr: 0.02, epochs: 20, batchSize: 32 },
};

describe("mistakes", () => {
  const { x, y } = twoClasses(50);
  const wrong: readonly (readonly [string, Partial<Record<keyof FitOptions, unknown>>, string])[] =
    [
      ["no data", { data: {} }, "fit: data has no inputs, got {}; give e.g. { x, y }"],
      [
        "inputs of different length",
        { data: { x, y: y.slice(1) } },
        'fit: "x" has 50 examples, got 49 of "y"; give every input one row an example',
      ],
      [
        "rows of different length",
        { data: { x: [...x.slice(1), [1]], y } },
        'fit: "x" has rows of 2, got one of 1; give rows of one length',
      ],
      [
        "no numbers",
        { data: { x: x.map(() => ["a", "b"]), y } },
        'fit: "x" is [50,2] of numbers, got "a"; give numbers in rows of one length',
      ],
      [
        "a share that is none",
        { validate: 1.5 },
        "fit: validate is a share of the examples, from 0 to below 1, or other data, got 1.5; use e.g. 0.1",
      ],
      [
        "an unknown class",
        { classes: ["same", "different"] },
        'fit: "y" holds classes same, different, got "other" at',
      ],
      ["a network that is none", { network: undefined }, "fit: network is missing, got undefined"],
      [
        "an optimizer that is made already",
        { optimizer: adam({ lr: 0.1 }) },
        "fit: optimizer is made of the learning rate, got one that is made already; give adam, or ({ lr }) => adam({ lr })",
      ],
      [
        "an input that is not there",
        { standardize: ["z"] },
        'fit: standardize takes inputs of float, got "z" beside x, y; leave it away',
      ],
      [
        "a batch size that is none",
        { batchSize: 0 },
        "fit: batchSize must be a whole number of at least 1, got 0; use e.g. 32",
      ],
      [
        "epochs that are none",
        { epochs: 1.5 },
        "fit: epochs must be a whole number of at least 1, got 1.5; use e.g. 10",
      ],
      [
        "a rate that is none",
        { lr: -1 },
        "fit: lr must be a finite number above 0, got -1; use e.g. 0.001",
      ],
      [
        "a normalization that is none",
        { norm: "wieght" },
        'fit: norm must be one of plain, weight, batch, mean-only, weight+mean-only, or a Norm, got "wieght"; use e.g. "weight"',
      ],
      [
        "an option that is none",
        { learningRate: 0.1 } as never,
        'fit: there is no such option, got "learningRate"; do you mean lr?',
      ],
      [
        "NaN among the numbers",
        { data: { x: x.map((row, i) => (i === 3 ? [NaN, 1] : row)), y } },
        'fit: "x" must hold finite numbers, got NaN in example 3; fill it in, or leave that example out',
      ],
      [
        "no labels",
        { data: { x } },
        'fit: the network needs an input "y" that says what is right, got x; add it to data',
      ],
      [
        "an input of a name that is taken",
        { data: { x, y, key: x }, standardize: [] },
        'fit: "key" is an input of every training, got one of the data of that name; call it something else',
      ],
      [
        "more classes than logits",
        { data: { x, y: y.map((name, i) => `${name}${i % 2}`) } },
        "fit: the network tells 2 classes apart, got 4 (other0, other1, same0, same1); make its last layer dense(4)",
      ],
      [
        "one class",
        { data: { x, y: y.map(() => "same") } },
        'fit: expected classes to tell apart, got "same" alone; give examples of another, or all names as classes',
      ],
      [
        "words where there are no classes",
        { network: dense(2), data: { x, y } },
        'fit: "y" is [50] of numbers, got "',
      ],
      [
        "patience without tests",
        { patience: 2, validate: 0 },
        "fit: patience counts tests that are no better, got 2 and no example to test on; leave it away or give validate a share",
      ],
      [
        "a controller for its signal",
        { signal: new AbortController() },
        "fit: signal must be that of an AbortController, got an ",
      ],
      [
        "a path for a store",
        { store: "runs" },
        'fit: store must be one that keeps checkpoints, got "runs"; use memoryStore(), or runFolder("runs/mine")',
      ],
      [
        "inputs to standardize that are no list",
        { standardize: true },
        "fit: standardize must be a list, got true; write [...]",
      ],
      [
        "one example",
        { data: { x: x.slice(0, 1), y: y.slice(0, 1) }, classes: ["same", "other"], validate: 0 },
        "fit: first weights are made from the data, which takes several examples, got 1 to train on",
      ],
      [
        "a layer of another width than y",
        { network: regressor(dense(3)), data: { x, y: x.map(([a]) => a) } },
        'regressor: the layer gives [32,3] where "y" is [32]; end it with dense(1)',
      ],
      ["no runtime", { runtime: undefined }, "fit: runtime is missing, got undefined"],
    ];
  test.each(wrong)("%s", async (_, given, message) => {
    await expect(fit({ ...options, ...given } as FitOptions)).rejects.toThrow(message);
  });
  test("a loss that is no number names the layer, and the last good checkpoint stays", async () => {
    const store = memoryStore();
    const training = fit({
      ...options,
      store,
      norm: "plain",
      lr: 1e30,
      network: regressor(sequential(dense(8), apply(ops.relu), dense(1))),
      data: { x, y: x.map(([a]) => a) },
      optimizer: ({ lr }) => sgd({ lr }),
    });
    await expect(training).rejects.toMatchObject({ name: "Diverged" });
    await expect(training).rejects.toThrow(/dense[12]/);
    const kept = await store.load({ arm: "plain", seed: 1, lr: 1e30 });
    for (const { data } of kept!.checkpoint.state.values())
      expect(Array.from(data).every(Number.isFinite)).toBe(true);
  });
});
