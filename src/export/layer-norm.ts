/** LayerNormalization, which we say by eleven nodes. */
import { reshape, sizeOf, type Node } from "../graph/index.ts";
import { meanIn, withNumber, type Matching, type Pattern } from "./match.ts";

/** gamma (x - mean) / sqrt(variance + epsilon) + beta over the last axes. */
export const layerNorm: Pattern = (n, m) => {
  if (m.opset < 17) return null;
  const shifted = n.op === "add" ? constantBeside(n) : undefined;
  const scaled = constantBeside(shifted?.x ?? n, "mul");
  const found = standardIn(scaled?.x ?? n, m);
  if (!found || (shifted && !scaled)) return null;
  const { x, axis, epsilon } = found;
  const dims = x.shape.slice(axis);
  const fits = (c: Node): boolean =>
    sizeOf(c.shape) === sizeOf(dims) && `${c.shape.slice(-dims.length)}` === `${dims}`;
  const parts = [scaled?.by, shifted?.by].filter((c) => c !== undefined);
  if (!parts.every(fits)) return null;
  return {
    inputs: [x, ...parts.map((c) => m.constants.fold(reshape(c, dims)))],
    lower(names, e) {
      const ones = (): string => e.constant(new Float32Array(sizeOf(dims)).fill(1), dims, "float");
      const all = names.length > 1 ? names : [...names, ones()];
      return e.emit("LayerNormalization", all, { attrs: { axis, epsilon: { float: epsilon } } });
    },
  };
};
function constantBeside(
  n: Node,
  op: "add" | "mul" = "add",
): { readonly x: Node; readonly by: Node } | undefined {
  if (n.op !== op) return undefined;
  const [a, b] = n.inputs;
  const [x, by] = a.op === "constant" ? [b, a] : [a, b];
  return by.op === "constant" && `${x.shape}` === `${n.shape}` ? { x, by } : undefined;
}
function standardIn(
  n: Node,
  m: Matching,
): { readonly x: Node; readonly axis: number; readonly epsilon: number } | null {
  if (n.op !== "div") return null;
  const [centred, root] = n.inputs;
  if (centred.op !== "sub" || root.op !== "sqrt") return null;
  const sum = withNumber(root.inputs[0], "add");
  const variance = sum && meanIn(sum.x, m);
  const mu = meanIn(centred.inputs[1], m);
  const [x] = centred.inputs;
  if (!variance || mu?.x !== x || !variance.keepDims || !mu.keepDims) return null;
  const { x: square, axes } = variance;
  const squared = square.op === "mul" && square.inputs.every((y) => y === centred);
  const rank = x.shape.length;
  const last = axes.every((a, i) => a === rank - axes.length + i) && axes[0] > 0;
  return squared && last && `${axes}` === `${mu.axes}`
    ? { x, axis: axes[0], epsilon: sum.by }
    : null;
}
