/**
 * Which blocked convolution this processor and this ONNX Runtime have. The layout is internal to ONNX Runtime, so nothing
 * is taken on trust: a candidate counts only if a small convolution comes out as the plain one does.
 */
import { conv2d, input, type Node } from "../graph/index.ts";
import { plainTarget, toModel, type Target } from "../onnx/index.ts";
import type { Ort } from "./ort.ts";

const candidates: readonly Target[] = [{ block: 16 }, { block: 8 }];
let found: Promise<Target> | undefined; // the processor does not change under a running process

export const probeTarget = (ort: Ort): Promise<Target> => (found ??= probe(ort));

async function probe(ort: Ort): Promise<Target> {
  const x = input("x", [2, 32, 5, 7]);
  const w = input("w", [48, 32, 3, 3]);
  const y = conv2d(x, w, { pads: 1 });
  const expected = await valueOf(ort, y, plainTarget);
  for (const target of candidates) {
    const got = await valueOf(ort, y, target).catch(() => undefined);
    if (got && got.every((v, i) => Math.abs(v - expected[i]) < 1e-4)) return target;
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
  const result = await session.run(feeds);
  await session.release();
  return result["y"].data as Float32Array;
}
