/** The figures of PyTorch, reproduced: test/golden/weight_norm.py writes them. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import { input, mul, sum, type Node, type Shape } from "../../src/graph/index.ts";
import {
  arms,
  conv2d,
  convTranspose2d,
  dense,
  fromTorch,
  lstm,
  trace,
  unroll,
  type CellOptions,
  type Conv2dLayerOptions,
  type ConvTranspose2dLayerOptions,
  type Layer,
  type Values,
} from "../../src/nn/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { tensor, type Runtime, type Tensor } from "../../src/runtime/program.ts";
import { reference } from "../../src/runtime/reference.ts";
import { expectFigures } from "./golden-figures.ts";

interface Golden {
  readonly options: { readonly units: number };
  readonly tensors: Readonly<
    Record<string, { readonly shape: Shape; readonly data: readonly number[] }>
  >;
}
const { cases } = JSON.parse(
  readFileSync(new URL("../golden/weight_norm.json", import.meta.url), "utf8"),
) as { readonly cases: Readonly<Record<string, Golden>> };

const name = "layer";
const layers: Readonly<Record<string, (options: Golden["options"]) => Layer>> = {
  dense: ({ units }) => dense(units, { name }),
  conv2d: ({ units, ...options }) =>
    conv2d(units, { ...(options as unknown as Conv2dLayerOptions), name }),
  convTranspose2d: ({ units, ...options }) =>
    convTranspose2d(units, { ...(options as unknown as ConvTranspose2dLayerOptions), name }),
  lstm: (options) => (scope, x) =>
    unroll(lstm(scope, { ...(options as CellOptions), name }), x, ({ h }) => h),
};

const float64 = ({
  shape,
  data,
}: {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}): Tensor => tensor(Float64Array.from(data), shape);

/** The parameters of a case, or with `d` their gradients, by our names; an LSTM's two biases have one gradient. */
function ours({ tensors }: Golden, d: "" | "d"): Map<string, Values> {
  const found = Object.entries(tensors).flatMap(([key, x]) => {
    const parameter = key.slice(d.length);
    if (!key.startsWith(d) || !/^(weight|bias)/.test(parameter)) return [];
    return d === "d" && parameter === "bias_hh_l0"
      ? []
      : [[`${name}.${parameter}`, float64(x)] as const];
  });
  return fromTorch(new Map(found));
}

async function run(runtime: Runtime, kind: string): Promise<Record<string, Tensor>> {
  const golden = cases[kind];
  const x = input("x", golden.tensors.x.shape);
  const dy = input("dy", golden.tensors.dy.shape);
  const { value: y, parameters } = trace((scope) => layers[kind](golden.options)(scope, x), {
    mode: "train",
    norm: arms.weight,
  });
  const gradients = grad(sum(mul(y, dy)), [x, ...parameters]);
  const outputs: Record<string, Node> = { y, dx: gradients[0] };
  parameters.forEach((p, i) => (outputs[`d ${p.attrs.name}`] = gradients[i + 1]));
  const program = await runtime.compile({ inputs: [x, dy], outputs });
  const feeds = { x: float64(golden.tensors.x), dy: float64(golden.tensors.dy) };
  const values = await program.run(feeds, ours(golden, ""));
  await program.release();
  return values;
}

describe.each([
  ["reference", reference, 1e-10],
  ["onnxruntime-node", nodeRuntime({ threads: 1 }), 1e-5],
] as const)("%s agrees with PyTorch to its precision", (_, runtime, tolerance) => {
  test.each(Object.keys(cases))("%s: y, dx and the gradient of every parameter", async (kind) => {
    const golden = cases[kind];
    const got = await run(runtime, kind);
    const expected = new Map<string, Values>([
      ["y", float64(golden.tensors.y)],
      ["dx", float64(golden.tensors.dx)],
      ...[...ours(golden, "d")].map(([key, x]) => [`d ${key}`, x] as const),
    ]);
    expectFigures(got, expected, tolerance);
  });
});

test("all cases are there", () => {
  expect(Object.keys(cases)).toEqual(Object.keys(layers));
});
