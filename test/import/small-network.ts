/** A small network of convolutions as an exporter would write it, for what takes long with a large one. */
import { sizeOf, type Shape } from "../../src/graph/index.ts";
import { DataType, type NodeProto } from "../../src/onnx/index.ts";
import { AttributeType, encodeModel } from "../../src/onnx/proto.ts";
import { noise } from "./trained.ts";

/** Weights of the file, by name. */
export const smallWeights: Readonly<Record<string, Shape>> = {
  "conv1.weight": [6, 3, 3, 3],
  "conv1.bias": [6],
  "bn1.weight": [6],
  "bn1.bias": [6],
  "bn1.running_mean": [6],
  "bn1.running_var": [6],
  "conv2.weight": [8, 6, 3, 3],
  "conv2.bias": [8],
  "fc.weight": [4, 8],
  "fc.bias": [4],
};

const node = (
  opType: string,
  [input, output]: readonly [readonly string[], string],
  ints: Readonly<Record<string, number | readonly number[]>> = {},
): Partial<NodeProto> => ({
  ...{ opType, name: output, input, output: [output] },
  attribute: Object.entries(ints).map(([name, x]) => ({
    ...{ name, floats: [], strings: [], tensors: [], graphs: [], typeProtos: [] },
    ...(typeof x === "number"
      ? { type: AttributeType.INT, i: x, ints: [] }
      : { type: AttributeType.INTS, ints: x }),
  })),
});

/** x [batch, 3, 8, 8] to scores [batch, 4]: two convolutions, one with batch normalization, the mean, a product. */
export const smallNetwork = (batch: number | string = "batch"): Uint8Array =>
  encodeModel({
    irVersion: 8,
    producerName: "test",
    opsetImport: [{ domain: "", version: 17 }],
    graph: {
      name: "small",
      node: [
        node("Conv", [["x", "conv1.weight", "conv1.bias"], "c1"], { pads: [1, 1, 1, 1] }),
        node("BatchNormalization", [
          ["c1", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"],
          "n1",
        ]),
        node("Relu", [["n1"], "r1"]),
        node("Conv", [["r1", "conv2.weight", "conv2.bias"], "c2"], { strides: [2, 2] }),
        node("Relu", [["c2"], "r2"]),
        node("GlobalAveragePool", [["r2"], "pooled"]),
        node("Flatten", [["pooled"], "features"]),
        node("Gemm", [["features", "fc.weight", "fc.bias"], "scores"], { transB: 1 }),
      ],
      input: [
        {
          name: "x",
          type: {
            tensorType: {
              elemType: DataType.FLOAT,
              shape: {
                dim: [
                  typeof batch === "number" ? { dimValue: batch } : { dimParam: batch },
                  ...[3, 8, 8].map((dimValue) => ({ dimValue })),
                ],
              },
            },
          },
        },
      ],
      output: [{ name: "scores" }],
      initializer: Object.entries(smallWeights).map(([name, dims], i) => ({
        ...{ name, dims, dataType: DataType.FLOAT },
        rawData: new Uint8Array(valuesOf(name, dims, i).buffer),
      })),
    },
  });

/** A variance is above zero. */
const valuesOf = (name: string, dims: Shape, seed: number): Float32Array =>
  Float32Array.from(noise(dims, seed + 1).data.subarray(0, sizeOf(dims)), (x) =>
    name.endsWith("_var") ? 1.5 + x : x,
  );
