/** The figures of PyTorch's layers, reproduced from its checkpoints: test/golden/layers.py writes them. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import {
  averagePool1d,
  constant,
  gelu,
  input,
  maxPool1d,
  mul,
  silu,
  sum,
  upsample,
  type Node,
  type Shape,
} from "../../src/graph/index.ts";
import {
  apply,
  arms,
  batchNorm,
  combine,
  conv1d,
  conv2d,
  convTranspose1d,
  dense,
  embedding,
  fromTorch,
  groupNorm,
  layerNorm,
  multiHeadAttention,
  plainWeight,
  prelu,
  recurrent,
  toTorch,
  trace,
  type Layer,
  type Mode,
  type Tensors,
  type Trace,
  type Values,
} from "../../src/nn/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { tensor, type Runtime, type Tensor } from "../../src/runtime/program.ts";
import { reference } from "../../src/runtime/reference.ts";
import { expectFigures } from "./golden-figures.ts";

interface Numbers {
  readonly shape: Shape;
  readonly data: readonly number[];
}
interface Golden {
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly x: Numbers;
  readonly dy: Numbers;
  readonly y: Numbers;
  readonly dx?: Numbers;
  readonly state: Readonly<Record<string, Numbers>>;
  readonly gradients: Readonly<Record<string, Numbers>>;
  readonly memory?: Numbers;
  /** Where PyTorch's attention is not to look. */
  readonly padding?: Numbers;
  /** Running averages after the step. */
  readonly after?: Readonly<Record<string, Numbers>>;
}
const { cases } = JSON.parse(
  readFileSync(new URL("../golden/layers.json", import.meta.url), "utf8"),
) as { readonly cases: Readonly<Record<string, Golden>> };

const name = "layer";
const normalized = conv2d(3, {
  kernel: 2,
  name,
  norm: combine(plainWeight(), batchNorm({ epsilon: 1e-5 })),
});
const across = ({ memory, padding }: Golden): Layer =>
  multiHeadAttention(4, {
    heads: 2,
    name,
    memory: constant(memory!.data, memory!.shape),
    ...(padding && {
      mask: constant(
        padding.data.map((p) => 1 - p),
        padding.shape,
        "bool",
      ),
    }),
  });
const layers: Readonly<Record<string, (golden: Golden) => Layer>> = {
  layerNorm: () => layerNorm({ name }),
  layerNorm2: () => layerNorm({ name, axes: [-2, -1] }),
  groupNorm: () => groupNorm(2, { name }),
  attention: () => multiHeadAttention(4, { heads: 2, name }),
  causalAttention: () => multiHeadAttention(4, { heads: 2, name, causal: true }),
  crossAttention: across,
  wideMemory: across,
  lstm: ({ options }) => recurrent(2, { name, ...options }),
  lstmWithoutBias: ({ options }) => recurrent(2, { name, ...options }),
  gru: ({ options }) => recurrent(2, { name, cell: "gru", resetAfter: true, ...options }),
  gruWithoutBias: ({ options }) =>
    recurrent(2, { name, cell: "gru", resetAfter: true, ...options }),
  convTranspose1d: () =>
    convTranspose1d(6, {
      name,
      kernel: 3,
      stride: 2,
      pad: 1,
      outputPadding: 1,
      groups: 2,
      dilation: 2,
    }),
  linear: () => dense(2, { name, bias: false }),
  prelu: () => prelu({ name, perChannel: true }),
  sameConv1d: () => conv1d(3, { name, kernel: 4, pad: "same", dilation: 3 }),
  sameConv2d: () => conv2d(2, { name, kernel: [2, 3], pads: "same" }),
  gelu: () => apply(gelu),
  geluTanh: () => apply((x) => gelu(x, { approximate: "tanh" })),
  silu: () => apply(silu),
  nearest: () => apply((x) => upsample(x, { scale: [2, 3] })),
  nearestTo: () => apply((x) => upsample(x, { size: [5, 3] })),
  nearestSequence: () => apply((x) => upsample(x, { scale: 1.5 })),
  bilinear: () => apply((x) => upsample(x, { scale: 2, mode: "bilinear" })),
  bilinearTo: () => apply((x) => upsample(x, { size: [3, 7], mode: "bilinear" })),
  bilinearBy: () => apply((x) => upsample(x, { scale: 1.7, mode: "bilinear" })),
  bilinearAligned: () =>
    apply((x) => upsample(x, { size: [4, 5], mode: "bilinear", alignCorners: true })),
  maxPool1d: () => apply((x) => maxPool1d(x, { kernel: 3, stride: 2, pad: 1 })),
  averagePool1d: () => apply((x) => averagePool1d(x, { kernel: 3, stride: 2, pad: 1 })),
  embedding: () => embedding(5, 3, { name, bias: false, paddingIndex: 2 }),
  batchNorm: () => normalized,
  batchNormEvaluated: () => normalized,
};

const float64 = ({ shape, data }: Numbers): Tensor => tensor(Float64Array.from(data), shape);
const named = (tensors: Readonly<Record<string, Numbers>>): Map<string, Values> =>
  new Map(Object.entries(tensors).map(([key, x]) => [`${name}.${key}`, float64(x)]));
const modulesOf = (kind: string): Readonly<Record<string, string>> =>
  kind.startsWith("batchNorm") ? { "layer.conv": name, "layer.bn": name } : {};

interface Traced {
  readonly x: ReturnType<typeof input>;
  readonly trained: Trace<Node>;
  readonly state: Map<string, Values>;
}
function traced(kind: string): Traced {
  const golden = cases[kind];
  const x = input("x", golden.x.shape, golden.dx ? "float" : "int32");
  const mode: Mode = kind.endsWith("Evaluated") ? "eval" : "train";
  const trained = trace((scope) => layers[kind](golden)(scope, x), { mode, norm: arms.plain });
  const averages = trained.updates.map((u) => u.parameter);
  const parameters = [...trained.parameters, ...averages];
  const checked = mode === "train" ? { parameters } : {};
  return {
    x,
    trained,
    state: fromTorch(named(golden.state), { modules: modulesOf(kind), ...checked }),
  };
}

/** What PyTorch's gradients are here: of a bias that is two there, both of which have the gradient of the one here, half their sum. */
function gradientsOf(kind: string, ours: readonly string[]): Map<string, Values> {
  const { gradients } = cases[kind];
  const found = fromTorch(named(gradients), { modules: modulesOf(kind) });
  const twice = /bias_hh/.test(Object.keys(gradients).join());
  return new Map(
    ours.map((key) => {
      const x = found.get(key)!;
      const halved = twice && /(?<!new)\.b$/.test(key);
      return [`d ${key}`, halved ? { ...x, data: Float64Array.from(x.data, (v) => v / 2) } : x];
    }),
  );
}

async function run(runtime: Runtime, kind: string): Promise<Record<string, Tensor>> {
  const golden = cases[kind];
  const { x, trained, state } = traced(kind);
  const dy = input("dy", golden.dy.shape);
  const { value: y, parameters, updates } = trained;
  const targets = golden.dx ? [x, ...parameters] : parameters;
  const gradients = grad(sum(mul(y, dy)), targets);
  const outputs: Record<string, Node> = { y };
  targets.forEach((p, i) => {
    outputs[p.op === "input" ? "dx" : `d ${p.attrs.name}`] = gradients[i];
  });
  const program = await runtime.compile({ inputs: [x, dy], outputs, updates });
  const fed = golden.dx ? float64(golden.x) : tensor(golden.x.data, golden.x.shape, "int32");
  const values = await program.run({ x: fed, dy: float64(golden.dy) }, state);
  await program.release();
  const after = golden.after ? [...state].filter(([key]) => /mean|variance/.test(key)) : [];
  return { ...values, ...Object.fromEntries(after) };
}

describe.each([
  ["reference", reference, 1e-10],
  ["onnxruntime-node", nodeRuntime({ threads: 1 }), 1e-5],
] as const)("%s agrees with PyTorch to its precision", (_, runtime, tolerance) => {
  test.each(Object.keys(cases))("%s: y, dx and the gradient of every parameter", async (kind) => {
    const golden = cases[kind];
    const got = await run(runtime, kind);
    const parameters = traced(kind).trained.parameters.map((p) => p.attrs.name);
    const later = Object.entries(golden.after ?? {}).map(([key, x]) => [`bn.${key}`, x] as const);
    const after = fromTorch(named({ ...golden.state, ...Object.fromEntries(later) }), {
      modules: modulesOf(kind),
    });
    const expected = new Map<string, Values>([
      ["y", float64(golden.y)],
      ...(golden.dx ? [["dx", float64(golden.dx)] as const] : []),
      ...gradientsOf(kind, parameters),
      ...(golden.after ? [...after].filter(([key]) => /mean|variance/.test(key)) : []),
    ]);
    expectFigures(got, expected, tolerance);
  });
});

test("all cases are there", () => {
  expect(Object.keys(cases)).toEqual(Object.keys(layers));
});

/** The state of a checkpoint, as PyTorch has it, but for what it counts. */
const counted = (state: Tensors): Map<string, Values> =>
  new Map([...state].filter(([key]) => !key.endsWith("num_batches_tracked")));

test.each(Object.keys(cases).filter((kind) => Object.keys(cases[kind].state).length > 0))(
  "%s: the checkpoint is got back",
  (kind) => {
    const given = counted(named(cases[kind].state));
    const modules = modulesOf(kind);
    const back = toTorch(traced(kind).state, "parametrizations", { modules });
    // Two biases come back as one and zeros, a bias before batch normalization as a lesser mean.
    const folded = [...given.keys()].some((key) => /bias_hh|bn\./.test(key));
    expect(new Set(back.keys())).toEqual(
      new Set([...given.keys()].filter((key) => key !== "layer.conv.bias")),
    );
    if (!folded) for (const [key, x] of given) expect(back.get(key)).toEqual(x);
    // And what comes back is the same function.
    expect(fromTorch(back, { modules })).toEqual(traced(kind).state);
  },
);
