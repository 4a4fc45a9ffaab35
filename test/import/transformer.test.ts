/** A transformer as PyTorch exports it, beside what PyTorch computes with it; test/golden/transformer.py made both. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import { input, type Shape } from "../../src/graph/index.ts";
import { importModel } from "../../src/import/index.ts";
import { arms, meanSquaredError, trace } from "../../src/nn/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { initialState, tensor, type Tensor } from "../../src/runtime/program.ts";
import { root } from "../source.ts";
import {
  computed,
  difference,
  exported,
  inputsOf,
  noise,
  original,
  some,
  trained,
} from "./trained.ts";

interface Numbers {
  readonly shape: Shape;
  readonly data: readonly number[];
}
interface Figures extends Readonly<Record<"ids" | "mask" | "target" | "scores", Numbers>> {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Numbers>>;
}

const golden = (name: string): string => join(root, "test/golden", name);
const bytes = readFileSync(golden("transformer.onnx"));
const figures = JSON.parse(readFileSync(golden("transformer.json"), "utf8")) as Figures;
const of = ({ data, shape }: Numbers, dtype: Tensor["dtype"] = "float"): Tensor =>
  tensor(data, shape, dtype);
const feeds = { ids: of(figures.ids, "int32"), mask: of(figures.mask) };
const model = importModel(bytes);

test("scores and gradients are PyTorch's", async () => {
  const { scores } = await computed(model, feeds);
  expect(difference(scores, of(figures.scores))).toBeLessThan(1e-5);

  const asked = inputsOf(feeds);
  const inputs = { ...asked, target: input("target", figures.target.shape) };
  const { value: loss, parameters } = trace(
    (scope) => meanSquaredError(model.network(scope, asked)["scores"], inputs.target),
    { mode: "eval", norm: arms.plain },
  );
  const named = parameters.map((p) => [model.original.get(p.attrs.name)!, p] as const);
  const told = named.filter(([name]) => Object.hasOwn(figures.gradients, name));
  expect(told.length).toBe(Object.keys(figures.gradients).length);
  const gradients = grad(
    loss,
    told.map(([, p]) => p),
  );
  const program = await nodeRuntime({ threads: 1 }).compile({
    inputs: Object.values(inputs),
    outputs: { loss, ...Object.fromEntries(told.map(([name], i) => [name, gradients[i]])) },
  });
  const made = await program.run(
    { ...feeds, target: of(figures.target) },
    initialState(program.parameters, 1),
  );
  expect(made["loss"].data[0]).toBeCloseTo(figures.loss, 5);
  for (const [name] of told)
    expect(difference(made[name], of(figures.gradients[name]))).toBeLessThan(1e-4);
});

test("trains, plain and with weight normalization, and is exported for any number of examples", async () => {
  const options = { steps: 10, lr: 0.01 };
  const plain = await trained(model, feeds, { norm: arms.plain, ...options });
  const weight = await trained(model, feeds, { norm: arms.weight, ...options });
  expect(weight.losses[0]).toBeCloseTo(plain.losses[0], 5);
  for (const { losses } of [plain, weight]) expect(losses[9]).toBeLessThan(0.5 * losses[0]);
  expect([...weight.state.keys()]).toContain("layers.1.up.MatMul.v");

  const file = exported(model, feeds, weight);
  const { scores } = await computed(model, feeds, { norm: arms.weight, state: weight.state });
  const all = await original(file, feeds, ["scores"]);
  expect(difference(all["scores"], scores)).toBeLessThan(1e-5);
  const one = { ids: int(some(feeds.ids, [2, 1])), mask: some(feeds.mask, [2, 1]) };
  const alone = await original(file, one, ["scores"]);
  expect(difference(alone["scores"], some(scores, [2, 1]), scores)).toBeLessThan(1e-5);
});
const int = ({ data, shape }: Tensor): Tensor => tensor(Array.from(data), shape, "int32");

test("an exported file is imported again, as the same function", async () => {
  const { state } = await trained(model, feeds, { norm: arms.plain, steps: 1, lr: 0.01 });
  const file = exported(model, feeds, { state });
  const again = importModel(file, { dims: { batch: 4 } });
  const mask = noise(feeds.mask.shape, 7); // numbers between
  const { scores } = await computed(again, { ...feeds, mask });
  const before = await computed(model, { ...feeds, mask }, { state });
  expect(difference(scores, before["scores"])).toBeLessThan(1e-5);
});
