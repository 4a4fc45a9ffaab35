/** Small models in double precision, for linear algebra beside training: ONNX Runtime's own matrix product is float64 too. */
import { emitter, plainTarget, type Emitter } from "./emit.ts";
import { DataType, encodeModel, type ValueInfoProto } from "./proto.ts";
import type { Draft } from "./wire.ts";

/** The bytes of a model whose inputs and outputs are matrices of doubles; a dimension may be a name. */
function doubles(
  inputs: Readonly<Record<string, readonly (number | string)[]>>,
  build: (e: Emitter) => Readonly<Record<string, string>>,
): Uint8Array {
  const { emitter: e, nodes, initializers } = emitter(17, plainTarget);
  const outputs = Object.entries(build(e));
  const info = (name: string, shape?: readonly (number | string)[]): Draft<ValueInfoProto> => ({
    name,
    type: {
      tensorType: {
        elemType: DataType.DOUBLE,
        ...(shape && {
          shape: {
            dim: shape.map((d) => (typeof d === "number" ? { dimValue: d } : { dimParam: d })),
          },
        }),
      },
    },
  });
  return encodeModel({
    irVersion: 8,
    producerName: "weightnorm",
    opsetImport: [{ domain: "", version: 17 }],
    graph: {
      name: "float64",
      node: [
        ...nodes,
        ...outputs.map(([name, from]) => ({ opType: "Identity", input: [from], output: [name] })),
      ],
      initializer: initializers,
      input: Object.entries(inputs).map(([name, shape]) => info(name, shape)),
      output: outputs.map(([name]) => info(name)),
    },
  });
}

/** x [n, d], sum [d, d] -> sum + x^T x */
export const gramModel = (d: number): Uint8Array =>
  doubles({ x: ["n", d], sum: [d, d] }, (e) => {
    const product = e.emit("MatMul", [
      e.emit("Transpose", ["x"], { attrs: { perm: [1, 0] } }),
      "x",
    ]);
    return { next: e.emit("Add", ["sum", product]) };
  });

/**
 * One step of the coupled Newton-Schulz iteration (Higham 2008, Functions of Matrices, eq. 6.35), scaled: y, z [d, d],
 * a and b scalars -> y p and p z, where p = a I - b z y; `identity` is I. y tends to a square root, z to its inverse.
 */
export const newtonSchulzModel = (d: number): Uint8Array =>
  doubles({ y: [d, d], z: [d, d], identity: [d, d], a: [], b: [] }, (e) => {
    const zy = e.emit("MatMul", ["z", "y"]);
    const p = e.emit("Sub", [e.emit("Mul", ["identity", "a"]), e.emit("Mul", [zy, "b"])]);
    return { y2: e.emit("MatMul", ["y", p]), z2: e.emit("MatMul", [p, "z"]) };
  });
