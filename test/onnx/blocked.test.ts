/** Convolutions in ONNX Runtime's internal blocked layout, which is taken only where it has been seen to work. */
import fc from "fast-check";
import * as onnxruntime from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import {
  add,
  conv2d,
  globalAveragePool,
  input,
  maxPool2d,
  mul,
  randomUniform,
  relu,
  reshape,
  tanh,
  type Conv2dOptions,
  type Node,
  type Shape,
} from "../../src/graph/index.ts";
import { arms } from "../../src/nn/index.ts";
import { plainTarget, toModel, type Target } from "../../src/onnx/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import type { Ort } from "../../src/runtime/session.ts";
import { rootsOf } from "../../src/runtime/run.ts";
import { probeTarget } from "../../src/runtime/probe.ts";
import type { Runtime, Tensor } from "../../src/runtime/program.ts";
import { reference } from "../../src/runtime/reference.ts";
import { some } from "../conformance/case.ts";
import { products } from "../conformance/convolutions.ts";
import { kindNames, kinds } from "../nn/kinds.ts";
import { decode } from "./decode.ts";
import { trainingStep } from "./steps.ts";

const INTERNAL = "com.microsoft.nchwc";
const internalOps = (outputs: Readonly<Record<string, Node>>, target: Target): readonly string[] =>
  decode(toModel(outputs, target).bytes)
    .model.graph!.node.filter((n) => n.domain === INTERNAL)
    .map((n) => n.opType!);

interface Geometry {
  readonly x: Shape;
  readonly w: Shape;
  readonly options: Conv2dOptions;
}
/** The three products of one geometry as outputs of one graph; dy is y, so that shapes follow. */
function graphOf({ x, w, options }: Geometry): {
  readonly inputs: readonly ReturnType<typeof input>[];
  readonly outputs: Readonly<Record<"y" | "dx" | "dw", Node>>;
} {
  const inputs = [input("x", x), input("w", w)];
  const [xNode, wNode] = inputs;
  const { y, dx, dw } = products(options);
  const dy = input("dy", y(xNode, wNode).shape);
  return {
    inputs: [...inputs, dy],
    outputs: { y: y(xNode, wNode), dx: dx(xNode, wNode, dy), dw: dw(xNode, wNode, dy) },
  };
}
async function run(
  runtime: Runtime,
  geometry: Geometry,
): Promise<Readonly<Record<string, Tensor>>> {
  const { inputs, outputs } = graphOf(geometry);
  const program = await runtime.compile({ inputs, outputs });
  const feeds = inputs.map((n, seed) => [n.attrs.name, some(n.shape, { seed })] as const);
  const values = await program.run(Object.fromEntries(feeds), new Map());
  await program.release();
  return values;
}
/** The largest difference, relative to the largest value. */
function distance(actual: Tensor, expected: Tensor): number {
  const largest = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((top, v) => Math.max(top, Math.abs(v)), 0);
  const differences = Array.from(expected.data, (v, i) => actual.data[i] - v);
  return largest(differences) / Math.max(largest(expected.data), 1e-30);
}
async function expectAgreement(runtime: Runtime, geometry: Geometry): Promise<void> {
  const [actual, expected] = [await run(runtime, geometry), await run(reference, geometry)];
  for (const [name, value] of Object.entries(expected)) {
    expect(actual[name].shape, name).toEqual(value.shape);
    expect(distance(actual[name], value), name).toBeLessThan(1e-4);
  }
}

const geometries: fc.Arbitrary<Geometry> = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    channels: fc.constantFrom(3, 16, 16, 24, 32),
    units: fc.constantFrom(5, 8, 16, 16, 32),
    kernel: fc.tuple(fc.constantFrom(1, 3, 5), fc.constantFrom(1, 3, 5)),
    spare: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })),
    strides: fc.tuple(fc.constantFrom(1, 1, 2), fc.constantFrom(1, 1, 2)),
    dilations: fc.tuple(fc.constantFrom(1, 1, 2), fc.constantFrom(1, 1, 2)),
    pads: fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 2 }))),
  })
  .map(({ batch, channels, units, kernel, spare, strides, dilations, pads }) => {
    const size = [0, 1].map((i) =>
      Math.max(1, (kernel[i] - 1) * dilations[i] + 1 + spare[i] - pads[i] - pads[i + 2]),
    );
    return {
      x: [batch, channels, ...size],
      w: [units, channels, ...kernel],
      options: { strides, dilations, pads: pads as [number, number, number, number] },
    };
  });

test.each([
  ["blocked", nodeRuntime({ threads: 1 })],
  ["plain", nodeRuntime({ threads: 1, blocked: false })],
])("%s convolutions and their gradients agree with the reference", async (_, runtime) => {
  await fc.assert(
    fc.asyncProperty(geometries, (geometry) => expectAgreement(runtime, geometry)),
    { numRuns: 60, seed: 1 },
  );
});

describe("which form a convolution takes", () => {
  const block: Target = { block: 8 };
  const square = { x: [2, 16, 6, 6], w: [8, 16, 3, 3], options: { pads: 1 } };
  const blocked = ["ReorderInput", "Conv", "ReorderOutput"];
  const form = ({ x, w, options }: Geometry, product: "y" | "dx"): readonly string[] =>
    internalOps({ z: graphOf({ x, w, options }).outputs[product] }, block);

  test("the blocked one, forward and backward, where channels are multiples of the block", () => {
    expect(form(square, "y")).toEqual(blocked);
    expect(form(square, "dx")).toEqual(blocked);
    expect(form({ ...square, options: { pads: [0, 1, 2, 0] } }, "dx")).toEqual(blocked);
  });
  test("the plain one for other channels and for groups", () => {
    expect(form({ ...square, w: [12, 16, 3, 3] }, "y")).toEqual([]);
    expect(form({ ...square, x: [2, 12, 6, 6], w: [8, 12, 3, 3] }, "y")).toEqual([]);
    const grouped = { ...square, w: [16, 8, 3, 3], options: { groups: 2 } };
    expect(form(grouped, "y")).toEqual([]);
    expect(form(grouped, "dx")).toEqual([]);
  });
  test("the plain one backward for strides, which only a transposed convolution undoes", () => {
    expect(form({ ...square, options: { strides: 2 } }, "y")).toEqual(blocked);
    expect(form({ ...square, options: { strides: 2 } }, "dx")).toEqual([]);
  });
  const taken = (form: string, { x, w, options }: Geometry): boolean =>
    internalOps({ z: graphOf({ x, w, options }).outputs.dw }, block).includes(form);
  test("the gradient of w is a blocked convolution where columns or images fill a block", () => {
    const of = (x: Shape, w: Shape, options: Conv2dOptions = { pads: 1 }): boolean =>
      taken("Conv", { x, w, options });
    expect(of([1, 3, 5, 8], [8, 3, 3, 3])).toBe(true); // columns
    expect(of([4, 8, 5, 5], [8, 8, 3, 3])).toBe(true); // images
    expect(of([4, 8, 6, 6], [8, 8, 3, 3], { strides: 2 })).toBe(true);
    expect(of([1, 8, 5, 5], [8, 8, 3, 3])).toBe(false); // one image would be filled up with seven
    expect(of([4, 8, 24, 20], [8, 8, 3, 3])).toBe(false); // a kernel of 480 positions is slow
    expect(of([4, 8, 5, 8], [12, 8, 3, 3])).toBe(false);
    expect(taken("ReorderOutput", { x: [4, 8, 5, 5], w: [8, 8, 1, 1], options: {} })).toBe(true); // one Gemm
  });

  const network = (build: (x: Node, w: Node, b: Node) => Node): readonly string[] => {
    const y = build(
      input("x", [2, 8, 4, 4]),
      input("w", [8, 8, 3, 3]),
      reshape(input("b", [8]), [1, 8, 1, 1]),
    );
    return decode(toModel({ y }, block).bytes).ops.filter(
      (op) => !["Reshape", "Transpose", "Identity"].includes(op),
    );
  };
  const conv = (x: Node, w: Node): Node => conv2d(x, w, { pads: 1 });
  test("images stay blocked from layer to layer, biases and activations in the convolutions", () => {
    const layers = network((x, w, b) => relu(add(conv(relu(add(conv(x, w), b)), w), b)));
    expect(layers).toEqual(["ReorderInput", "Conv", "Conv", "ReorderOutput"]);
  });
  test("through pooling, arithmetic and sums too", () => {
    const ops = network((x, w, b) => {
      const y = mul(maxPool2d(tanh(conv(x, w)), { kernel: 2 }), b);
      return globalAveragePool(add(y, conv(y, w)));
    });
    expect(ops.filter((op) => op.startsWith("Reorder"))).toEqual(["ReorderInput"]);
    expect(ops).toContain("GlobalAveragePool");
  });
  test("what is used twice is computed without an epilogue, once", () => {
    const ops = network((x, w) => {
      const t = conv(x, w);
      return mul(relu(t), t);
    });
    expect(ops).toEqual(["ReorderInput", "Conv", "Relu", "Mul", "ReorderOutput"]);
  });
  test("noise is made in the layout in which it is used, and natural where that is natural", () => {
    const key = input("key", [2], "uint32");
    const noise = randomUniform(key, { shape: [2, 8, 4, 4], stream: 0 });
    const reorders = (ops: readonly string[]): number =>
      ops.filter((op) => op.startsWith("Reorder")).length;
    expect(reorders(network((x, w) => mul(conv(x, w), noise)))).toBe(2);
    expect(reorders(network(() => noise))).toBe(0);
  });
  test("an image used twice is reordered once", () => {
    const [x, w, v] = [
      input("x", [1, 8, 4, 4]),
      input("w", [8, 8, 3, 3]),
      input("v", [8, 8, 1, 1]),
    ];
    const ops = internalOps({ y: products({}).y(x, w), z: products({}).y(x, v) }, block);
    expect(ops.filter((op) => op === "ReorderInput")).toHaveLength(1);
  });
  test("the plain target names no internal operator", () => {
    for (const name of kindNames) {
      const { opsets } = decode(toModel(rootsOf(trainingStep(kinds[name], arms.weight))).bytes);
      expect(Object.keys(opsets), name).toEqual([""]);
    }
    expect(internalOps(graphOf(square).outputs, plainTarget)).toEqual([]);
  });
});

describe("probeTarget", () => {
  /** onnxruntime-node with sessions made by something else; `internal` says whether a model is of the blocked layout. */
  const withSessions = (
    create: (
      internal: boolean,
      ...args: Parameters<Ort["InferenceSession"]["create"]>
    ) => ReturnType<Ort["InferenceSession"]["create"]>,
  ): Ort => ({
    Tensor: onnxruntime.Tensor,
    InferenceSession: {
      create: (model, options) => create(INTERNAL in decode(model).opsets, model, options),
    },
  });
  const real = onnxruntime.InferenceSession.create.bind(onnxruntime.InferenceSession);
  const refuse = (): Promise<never> => Promise.reject(new Error("no such operator"));

  test("finds a block size that is known, or none", async () => {
    expect([0, 8, 16]).toContain((await probeTarget(onnxruntime)).block);
  });
  test("asks once", async () => {
    let sessions = 0;
    const ort = withSessions((_, ...args) => (sessions++, real(...args)));
    const first = await probeTarget(ort);
    const count = sessions;
    expect(count).toBeGreaterThan(1);
    expect(await probeTarget(ort)).toBe(first);
    expect(sessions).toBe(count);
  });
  test("takes the plain target where the internal operators are missing", async () => {
    const ort = withSessions((internal, ...args) => (internal ? refuse() : real(...args)));
    expect(await probeTarget(ort)).toBe(plainTarget);
  });
  test("takes the plain target where they compute something else", async () => {
    const ort = withSessions(async (internal, ...args) => {
      const session = await real(...args);
      const run: typeof session.run = async (feeds: Parameters<typeof session.run>[0]) => {
        const { y } = await session.run(feeds);
        if (internal) (y.data as Float32Array)[17] += 0.01;
        return { y };
      };
      return { ...session, run, release: () => session.release() };
    });
    expect(await probeTarget(ort)).toBe(plainTarget);
  });
  test("takes the plain target where no session can be made at all", async () => {
    expect(await probeTarget(withSessions(refuse))).toBe(plainTarget);
  });
  test("gives back every session it made, also those that fail", async () => {
    let open = 0;
    const ort = withSessions(async (internal, ...args) => {
      const session = await real(...args);
      open++;
      const release = (): Promise<void> => (open--, session.release());
      const run: typeof session.run = (feeds: Parameters<typeof session.run>[0]) =>
        internal ? Promise.reject(new Error("not on this processor")) : session.run(feeds);
      return { ...session, run, release };
    });
    expect(await probeTarget(ort)).toBe(plainTarget);
    expect(open).toBe(0);
  });
});
