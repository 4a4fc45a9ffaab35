/**
 * A product of weights and what is added to it or multiplied with it unit by unit, as one Conv, ConvTranspose or Gemm: biases,
 * and batch normalization by running averages, whose scale goes into the weights.
 */
import { constant, node, reshape, sizeOf, type Node, type NodeOf } from "../graph/index.ts";
import type { Emitter, Fused } from "../onnx/index.ts";
import { convAttributes, transposeAttributes } from "../onnx/convolution.ts";
import type { Attribute } from "../onnx/emit.ts";
import { isTransposed } from "./constants.ts";
import type { Matching, Pattern } from "./match.ts";

type Product = NodeOf<"conv2d"> | NodeOf<"convTranspose2d"> | NodeOf<"matmul">;
/** product scale + shift, both [units]. */
interface Affine {
  readonly product: Product;
  readonly scale?: Node | undefined;
  readonly shift?: Node | undefined;
}

export const affine: Pattern = (n, m) => {
  const found = affineIn(n, m);
  return found && lowered[found.product.op](found as never, m);
};

/** What `n` is of a product, whose value nobody else asks for. */
function affineIn(n: Node, m: Matching): Affine | null {
  const steps: { readonly n: Node; readonly by: Node }[] = [];
  let at: Node = n;
  while (!isProduct(at)) {
    const step = stepOf(at);
    if (!step || m.uses(step.x) !== 1) return null;
    steps.push({ n: at, by: step.by });
    at = step.x;
  }
  const product = at;
  let found: Affine | null = { product };
  for (const { n: step, by } of steps.toReversed()) {
    const units: Node | null = perUnit(by, product, m);
    found = units && found && after(found, step, units, m);
  }
  return found?.scale && !canScale(product) ? null : found;
}

const isProduct = (n: Node): n is Product =>
  n.op === "conv2d" ||
  n.op === "convTranspose2d" ||
  (n.op === "matmul" && n.inputs.every((x) => x.shape.length === 2));

/** The operand that is computed and the one that is constant. */
function stepOf(n: Node): { readonly x: Node; readonly by: Node } | null {
  if (n.op !== "add" && n.op !== "mul" && n.op !== "sub" && n.op !== "div") return null;
  const [a, b] = n.inputs;
  const [x, by] = a.op === "constant" ? [b, a] : [a, b];
  const reversed = x === b && (n.op === "sub" || n.op === "div");
  return by.op === "constant" && !reversed && `${x.shape}` === `${n.shape}` ? { x, by } : null;
}

const unitAxis = (n: Product): number => (n.op === "matmul" ? n.shape.length - 1 : 1);

/** A constant of one number a unit as [units]. */
function perUnit(by: Node, product: Product, { constants }: Matching): Node | null {
  const axis = unitAxis(product);
  const units = product.shape[axis];
  if (by.op !== "constant") return null;
  if (sizeOf(by.shape) === 1) return constant(by.attrs.data[0], [units]);
  const missing = product.shape.length - by.shape.length;
  const fits = by.shape.every((d, i) => d === (i + missing === axis ? units : 1));
  return fits ? constants.fold(reshape(by, [units])) : null;
}

/** Where `step` is done to it too. */
function after(
  { product, scale, shift }: Affine,
  step: Node,
  by: Node,
  { constants: { fold } }: Matching,
): Affine {
  const combined = (op: "add" | "sub" | "mul" | "div", a: Node): Node =>
    fold(node(op, [a, by], {}));
  if (step.op === "add") return { product, scale, shift: shift ? combined("add", shift) : by };
  if (step.op === "sub")
    return { product, scale, shift: shift ? combined("sub", shift) : fold(node("neg", [by], {})) };
  const op = step.op as "mul" | "div";
  const one = constant(1, by.shape);
  return {
    product,
    scale: combined(op, scale ?? one),
    shift: shift && combined(op, shift),
  };
}

/** Whether the weights are constant, and one axis of them runs over the units. */
const canScale = (product: Product): boolean =>
  (product.inputs[1].op === "constant" || isTransposed(product.inputs[1])) &&
  (product.op !== "convTranspose2d" || product.attrs.groups === 1);

/** The weights with their scale in them, which goes along `axis`. */
function weights(w: Node, axis: number, scale: Node | undefined, { constants }: Matching): Node {
  if (!scale) return w;
  const along = w.shape.map((d, i) => (i === axis ? d : 1));
  const scaled = constants.fold(node("mul", [w, constants.fold(reshape(scale, along))], {}));
  return constants.call(scaled, constants.labelOf(w));
}

/** A bias that was put together of several parameters is called after its weights: "conv1.w" has "conv1.b". */
function bias(shift: Node | undefined, w: Node, { constants }: Matching): readonly Node[] {
  if (!shift) return [];
  const [label, weight] = [shift, w].map((x) => constants.labelOf(x));
  const isWhole = label !== undefined && constants.isParameter(label);
  return [isWhole || weight === undefined ? shift : constants.call(shift, biasOf(weight))];
}
const biasOf = (weight: string): string =>
  weight.replace(/(?:(^|\.)w|(^|[._])weight)$/, (_, short?: string, long?: string) =>
    short === undefined ? `${long}bias` : `${short}b`,
  );

type Attributes = Readonly<Record<string, Attribute>>;
const fused = (op: string, inputs: readonly Node[], attrs: Attributes): Fused => ({
  inputs,
  lower: (names, e: Emitter) => e.emit(op, names, { attrs }),
});

const lowered: {
  readonly [K in Product["op"]]: (
    a: Affine & { readonly product: NodeOf<K> },
    m: Matching,
  ) => Fused | null;
} = {
  conv2d({ product: { inputs, attrs }, scale, shift }, m) {
    const [x, w] = inputs;
    const by = weights(w, 0, scale, m);
    return fused("Conv", [x, by, ...bias(shift, by, m)], convAttributes(attrs));
  },
  convTranspose2d({ product: { inputs, attrs }, scale, shift }, m) {
    const [x, w] = inputs;
    const own = transposeAttributes(attrs, x.shape, w.shape);
    const padding = own["output_padding"] as readonly number[];
    // ONNX pads less than a stride; what is more is computed in another way.
    if (padding.some((p, i) => p < 0 || (p > 0 && p >= attrs.strides[i]))) return null;
    const by = weights(w, 1, scale, m);
    return fused("ConvTranspose", [x, by, ...bias(shift, by, m)], own);
  },
  matmul({ product: { inputs }, scale, shift }, m) {
    const [x, w] = inputs;
    const isStored = isTransposed(w);
    if (!isStored && !scale && !shift) return null;
    const stored = isStored ? w.inputs[0]! : w;
    const by = weights(stored, isStored ? 0 : 1, scale, m);
    return fused("Gemm", [x, by, ...bias(shift, by, m)], isStored ? { transB: 1 } : {});
  },
};
