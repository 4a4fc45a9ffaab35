/**
 * Which blocked convolution this processor and this ONNX Runtime have. The layout is internal to ONNX Runtime, so nothing
 * is taken on trust: a candidate counts only if a small convolution comes out as the plain one does.
 */
import { conv2d, input, type Node } from "../graph/index.ts";
import { plainTarget, toModel, type Target } from "../onnx/index.ts";
import type { Ort } from "./ort.ts";

const candidates: readonly Target[] = [{ block: 16 }, { block: 8 }];
const found = new WeakMap<Ort, Promise<Target>>(); // the processor does not change under a running process

export function probeTarget(ort: Ort): Promise<Target> {
  const target = found.get(ort) ?? probe(ort);
  found.set(ort, target);
  return target;
}

async function probe(ort: Ort): Promise<Target> {
  const x = input("x", [2, 32, 5, 7]);
  const w = input("w", [48, 32, 3, 3]);
  const y = conv2d(x, w, { pads: 1 });
  // Where not even the plain one runs, the caller's own session is to say why.
  const expected = await valueOf(ort, y, plainTarget).catch(() => undefined);
  for (const target of expected ? candidates : []) {
    const got = await valueOf(ort, y, target).catch(() => undefined);
    if (got?.every((v, i) => Math.abs(v - expected![i]) < 1e-4)) return target;
  }
  return plainTarget;
}

async function valueOf(ort: Ort, y: Node, target: Target): Promise<Float32Array> {
  const { bytes, inputs } = toModel({ y }, target);
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
    return (await session.run(feeds))["y"].data as Float32Array;
  } finally {
    await session.release();
  }
}
