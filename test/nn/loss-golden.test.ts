/** The losses of PyTorch, reproduced: test/golden/optim_loss.py writes their figures. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import { constant, input, sum, type Input, type Node, type Shape } from "../../src/graph/index.ts";
import {
  binaryCrossEntropy,
  meanAbsoluteError,
  negativeLogLikelihood,
  softmaxCrossEntropy,
  type CrossEntropyOptions,
} from "../../src/nn/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { tensor, type Runtime, type Tensor } from "../../src/runtime/program.ts";
import { reference } from "../../src/runtime/reference.ts";

interface Values {
  readonly shape: Shape;
  readonly data: readonly number[];
}
interface Case {
  readonly loss: keyof typeof losses;
  readonly options: object;
  readonly x: string;
  readonly target: string;
  readonly y: Values;
  readonly dx: Values;
}
const golden = JSON.parse(
  readFileSync(new URL("../golden/optim_loss.json", import.meta.url), "utf8"),
) as { readonly tensors: Readonly<Record<string, Values>>; readonly losses: readonly Case[] };

const losses = {
  softmaxCrossEntropy: (x: Node, target: Node, options: CrossEntropyOptions) =>
    softmaxCrossEntropy(x, target, options),
  negativeLogLikelihood: (x: Node, target: Node, options: CrossEntropyOptions) =>
    negativeLogLikelihood(x, target, options),
  binaryCrossEntropy: (
    x: Node,
    target: Node,
    { positiveWeight = 1 }: { readonly positiveWeight?: number | readonly number[] },
  ) =>
    binaryCrossEntropy(x, target, {
      positiveWeight:
        typeof positiveWeight === "number" ? positiveWeight : constant(positiveWeight),
    }),
  meanAbsoluteError: (x: Node, target: Node) => meanAbsoluteError(x, target),
} as const;

/** Labels have no axis for classes. */
const labels = new Set(
  golden.losses.flatMap(({ x, target }) => {
    const rank = (name: string): number => golden.tensors[name].shape.length;
    return rank(target) < rank(x) ? [target] : [];
  }),
);
const inputs: Readonly<Record<string, Input>> = Object.fromEntries(
  Object.entries(golden.tensors).map(([name, { shape }]) => [
    name,
    input(name, shape, labels.has(name) ? "int32" : "float"),
  ]),
);
const feeds = Object.fromEntries(
  Object.entries(golden.tensors).map(([name, { shape, data }]) => [
    name,
    labels.has(name) ? tensor(data, shape, "int32") : tensor(Float64Array.from(data), shape),
  ]),
);

/** All cases in one program. */
async function compute(runtime: Runtime): Promise<Readonly<Record<string, Tensor>>> {
  const outputs = golden.losses.flatMap(({ loss, options, x, target }, i) => {
    const y = losses[loss](inputs[x], inputs[target], options);
    return [
      [`y${i}`, y],
      [`dx${i}`, grad(sum(y), [inputs[x]])[0]],
    ] as const;
  });
  const program = await runtime.compile({
    inputs: Object.values(inputs),
    outputs: Object.fromEntries(outputs),
  });
  const values = await program.run(feeds, new Map());
  await program.release();
  return values;
}

describe.each([
  ["reference", reference, 1e-12],
  ["onnxruntime-node", nodeRuntime({ threads: 1 }), 1e-5],
] as const)("%s agrees with PyTorch to its precision", (_, runtime, tolerance) => {
  const computed = compute(runtime);
  test.each(golden.losses.map((c, i) => [i, c.loss, JSON.stringify(c.options), c] as const))(
    "%d: %s %s",
    async (i, _loss, _options, { y, dx }) => {
      const values = await computed;
      for (const [name, expected] of Object.entries({ y, dx })) {
        const { shape, data } = values[`${name}${i}`];
        expect(shape).toEqual(expected.shape);
        const scale = Math.max(1, ...expected.data.map(Math.abs));
        expected.data.forEach((v, k) =>
          expect(Math.abs(data[k] - v) / scale).toBeLessThan(tolerance),
        );
      }
    },
  );
});

test("all losses and options are among the cases", () => {
  expect(new Set(golden.losses.map((c) => c.loss))).toEqual(new Set(Object.keys(losses)));
  const options = golden.losses.flatMap((c) => Object.keys(c.options));
  expect([...new Set(options)].sort()).toEqual(
    ["classWeights", "ignoreIndex", "labelSmoothing", "positiveWeight", "reduction"], //
  );
});
