/** Asking a trained model, keeping it in a file, and handing it on. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  classifier,
  confusionMatrix,
  decodeModel,
  dense,
  encodeModel,
  exportOnnx,
  fit,
  measure,
  ops,
  predict,
  reference,
  releaseModel,
  tensor,
  type Arm,
  type Model,
  type Tensor,
} from "../../index.ts";
import { loadModel, nodeRuntime, saveModel } from "../../node.ts";
import { webRuntime } from "../../src/web.ts";
import { layer, twoClasses } from "./two-classes.ts";

const runtime = nodeRuntime({ threads: 1 });
const network = classifier(layer());
const trained = async (norm: Arm = "weight"): Promise<Model> =>
  (
    await fit({
      ...{ network, data: twoClasses(100), standardize: ["x"], runtime, norm, epochs: 4, lr: 0.02 },
    })
  ).model;
let model: Model;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weightnorm-predict-"));
  model = await trained();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const { x } = twoClasses(150, 500);
const numbers = ({ data }: Tensor): number[] => Array.from(data);

describe("predict", () => {
  test("says the same of any number of examples at a time", async () => {
    const all = await predict(model, { x });
    expect(all.outputs["probability"].shape).toEqual([150, 2]);
    expect(all.labels).toHaveLength(150);
    for (const count of [1, 7, 65]) {
      const some = await predict(model, { x: x.slice(0, count) });
      expect(some.outputs["probability"].shape).toEqual([count, 2]);
      expect(numbers(some.outputs["probability"])).toEqual(
        numbers(all.outputs["probability"])
          .slice(0, 2 * count)
          .map((p) => expect.closeTo(p, 5) as number),
      );
      expect(some.labels).toEqual(all.labels!.slice(0, count));
    }
  });
  test("gives what does not need labels: classes and probabilities, no loss", async () => {
    const { outputs } = await predict(model, { x: [[1, 2]] });
    expect(Object.keys(outputs).sort()).toEqual(["class", "probability"]);
  });
  test("is the same on every runtime", async () => {
    const expected = numbers((await predict(model, { x })).outputs["probability"]);
    for (const other of [reference, webRuntime()]) {
      const { outputs } = await predict({ ...model, runtime: other }, { x });
      expect(numbers(outputs["probability"])).toEqual(
        expected.map((p) => expect.closeTo(p, 4) as number),
      );
    }
  });
  test("goes on after programs were released", async () => {
    const before = await predict(model, { x });
    await releaseModel(model);
    expect(await predict(model, { x })).toEqual(before);
  });
  test.each([
    [{ z: [[1, 2]] }, 'predict: there is no input "z", got it beside x, y; leave it away'],
    [
      { x: [[1, 2, 3]] },
      'predict: "x" is [examples, 2] of this model, got [1,3]; give it that shape',
    ],
    [{ x: [] }, 'predict: "x" is [examples, 2] of this model, got [0]; give it that shape'],
    [
      { y: ["same"] },
      "predict: no output rests on y alone, got none of x; give these too, or let the network return what does not need them",
    ],
    [
      { x: tensor([1, 2], [1, 2], "int32") },
      'predict: "x" is float of this model, got int32; make it with tensor(data, shape, "float")',
    ],
  ])("what is wrong is said: %j", async (inputs, message) => {
    await expect(predict(model, inputs as never)).rejects.toThrow(message);
  });
});

test("measures are means over all examples, and a confusion matrix counts them", async () => {
  const data = twoClasses(150, 500);
  const { labels } = await predict(model, { x: data.x });
  const right = labels!.filter((label, i) => label === data.y[i]).length;
  const { accuracy, loss } = await measure(model, data);
  expect(accuracy).toBeCloseTo(right / 150);
  expect(loss).toBeGreaterThan(0);
  const counts = await confusionMatrix(model, data);
  expect(counts.flat().reduce((a, b) => a + b)).toBe(150);
  expect(counts[0][0] + counts[1][1]).toBe(right);
  expect(counts[0][0] + counts[0][1]).toBe(data.y.filter((y) => y === "other").length);
});

describe("a model in a file", () => {
  test.each(["plain", "weight", "batch", "mean-only", "weight+mean-only"] as const)(
    "says what it said, in arm %s",
    async (norm) => {
      const own = await trained(norm);
      const path = join(folder, `${norm}.safetensors`);
      await saveModel(path, own);
      const loaded = await loadModel(path, { network, runtime });
      expect(loaded.classes).toEqual(["other", "same"]);
      expect(loaded.inputs).toEqual(own.inputs);
      expect(await predict(loaded, { x })).toEqual(await predict(own, { x }));
    },
  );
  test("of another network, or of none, is refused", async () => {
    const bytes = encodeModel(model);
    expect(() => decodeModel(bytes, { network: classifier(dense(2)), runtime })).toThrow(
      /^the model: the state does not fit the model, got/,
    );
    const path = join(folder, "text.safetensors");
    await writeFile(path, "no model at all");
    await expect(loadModel(path, { network, runtime })).rejects.toThrow(
      /text\.safetensors: not a safetensors file/,
    );
  });
  test("that was cut off or changed is refused", async () => {
    const path = join(folder, "cut.safetensors");
    await saveModel(path, model);
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 4));
    await expect(loadModel(path, { network, runtime })).rejects.toThrow("truncated");
  });
});

describe("an .onnx file", () => {
  test.each(["plain", "weight", "batch", "mean-only", "weight+mean-only"] as const)(
    "answers as predict does, in arm %s",
    async (norm) => {
      const own = await trained(norm);
      const session = await runtime.open!(exportOnnx(own, { examples: 3 }));
      const values = await session.run({ x: tensor(x.slice(0, 3).flat(), [3, 2]) });
      await session.release();
      const expected = (await predict(own, { x: x.slice(0, 3) })).outputs["probability"];
      expect(numbers(values["probability"])).toEqual(
        numbers(expected).map((p) => expect.closeTo(p, 5) as number),
      );
    },
  );
  test("takes any number of examples", async () => {
    const session = await runtime.open!(exportOnnx(model, { half: true }));
    for (const size of [1, 4]) {
      const feed = tensor(x.slice(0, size).flat(), [size, 2]);
      const { probability } = await session.run({ x: feed });
      const expected = (await predict(model, { x: x.slice(0, size) })).outputs["probability"];
      expect(numbers(probability)).toEqual(
        numbers(expected).map((p) => expect.closeTo(p, 2) as number),
      );
    }
    await session.release();
  });
  test("of a network that rests on the size of its batch is of one size", async () => {
    const mixed = await fit({
      network: {
        build: (scope, { x: rows }) => ({
          share: ops.mul(dense(1)(scope, rows), 1 / (rows.shape[0] + 1)),
          loss: ops.mean(dense(1)(scope, rows)),
        }),
      },
      ...{ data: { x }, runtime, epochs: 1 },
    });
    expect(() => exportOnnx(mixed.model)).toThrow("pass examples: 1");
    expect(exportOnnx(mixed.model, { examples: 2 }).length).toBeGreaterThan(100);
  });
  test("says what its inputs, outputs and classes are", () => {
    const text = new TextDecoder("latin1").decode(exportOnnx(model));
    expect(text).toContain("weightnorm.inputs");
    expect(text).toContain('["other","same"]');
    expect(text).toContain('"mean":[');
  });
});
