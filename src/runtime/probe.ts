/**
 * Which blocked convolution this processor and this ONNX Runtime have. The layout is internal to ONNX Runtime, so nothing
 * is taken on trust: a candidate counts only if a small training step comes out as the plain one does.
 */
import { grad } from "../autodiff/index.ts";
import {
  add,
  conv2d,
  globalAveragePool,
  input,
  leakyRelu,
  maxPool2d,
  mul,
  relu,
  reshape,
  square,
  sum,
  type Node,
} from "../graph/index.ts";
import { plainTarget, toModel, type Target } from "../onnx/index.ts";
import type { Ort } from "./session.ts";

const candidates: readonly Target[] = [{ block: 16 }, { block: 8 }];
const found = new WeakMap<Ort, Promise<Target>>(); // the processor does not change under a running process

export function probeTarget(ort: Ort): Promise<Target> {
  const target = found.get(ort) ?? probe(ort);
  found.set(ort, target);
  return target;
}

async function probe(ort: Ort): Promise<Target> {
  const outputs = step();
  // Where not even the plain one runs, the caller's own session is to say why.
  const expected = await valuesOf(ort, outputs, plainTarget).catch(() => undefined);
  for (const target of expected ? candidates : []) {
    const got = await valuesOf(ort, outputs, target).catch(() => undefined);
    if (got && expected && Object.keys(got).every((key) => near(got[key], expected[key])))
      return target;
  }
  return plainTarget;
}

/**
 * Everything that is blocked: convolutions with what is fused into them, poolings, sums over positions, and gradients, that of
 * w in all its ways (`blocked-weight.ts`): by columns at width 16, by images at width 6, by positions for the 1x1 kernel.
 */
function step(): Readonly<Record<string, Node>> {
  const x = input("x", [8, 32, 10, 16]);
  const w = [
    input("w1", [48, 32, 3, 3]),
    input("w2", [32, 48, 3, 3]),
    input("w3", [32, 32, 3, 3]),
    input("w4", [32, 32, 1, 1]),
  ];
  const b = input("b", [48]);
  const t = add(conv2d(x, w[0], { pads: 1 }), reshape(b, [1, 48, 1, 1]));
  const h = maxPool2d(leakyRelu(t, 0.1), { kernel: 2 }); // 5x8
  const small = relu(conv2d(mul(h, 2), w[1])); // 3x6
  const y = globalAveragePool(conv2d(relu(conv2d(small, w[2], { pads: 1 })), w[3]));
  const gradients = grad(sum(square(y)), [x, b, ...w]);
  return Object.fromEntries([y, ...gradients].map((node, i) => [`${i}`, node]));
}
/** Relative to the largest value: sums are taken in another order. */
function near(got: Float32Array, expected: Float32Array): boolean {
  const scale = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return got.every((v, i) => Math.abs(v - expected[i]) <= 1e-4 * scale);
}

async function valuesOf(
  ort: Ort,
  outputs: Readonly<Record<string, Node>>,
  target: Target,
): Promise<Readonly<Record<string, Float32Array>>> {
  const { bytes, inputs } = toModel(outputs, target);
  const session = await ort.InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const feeds = Object.fromEntries(
    inputs.map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [
        name,
        new ort.Tensor(
          "float32",
          Float32Array.from({ length: size }, (_, i) => Math.sin(1 + i * i)),
          [...shape],
        ),
      ];
    }),
  );
  try {
    const values = await session.run(feeds);
    return Object.fromEntries(
      Object.keys(outputs).map((key) => [key, values[key].data as Float32Array]),
    );
  } finally {
    await session.release();
  }
}
