/** Products of matrices. */
import { add, matmul, mul, reshape, sizeOf, transpose, type Node } from "../../graph/index.ts";
import type { Call, Rules } from "../call.ts";
import { throughFloat } from "./integers.ts";

/** a @ b as in NumPy: an operand of one axis is a row on the left and a column on the right, and that axis goes again. */
export function numpyMatmul(a: Node, b: Node): Node {
  const row = a.shape.length === 1 ? reshape(a, [1, ...a.shape]) : a;
  const column = b.shape.length === 1 ? reshape(b, [...b.shape, 1]) : b;
  const y = a.dtype === "float" ? matmul(row, column) : throughFloat(matmul)(row, column);
  const [rows, columns] = [
    a.shape.length === 1 ? [] : [y.shape.at(-2)!],
    b.shape.length === 1 ? [] : [y.shape.at(-1)!],
  ];
  return reshape(y, [...y.shape.slice(0, -2), ...rows, ...columns]);
}

/** A matrix on the right is the weight of a layer, whose inputs are rows. */
function times(call: Call): Node {
  const x = call.x(0);
  const right = call.optional(1); // a layer's weight is had by `layer` alone
  if (right && (right.shape.length !== 2 || x.dtype !== "float")) return numpyMatmul(x, right);
  const { w, preactivation } = call.layer({ kind: "matmul", weight: 1, axis: 1 });
  const features = x.shape.at(-1) ?? 1;
  const rows = sizeOf(x.shape.slice(0, -1));
  const t = preactivation(matmul(reshape(x, [rows, features]), w));
  return reshape(t, [...x.shape.slice(0, -1), w.shape[1]]);
}

/** alpha a b + beta c: a layer with bias c where c is one number a unit. */
function gemm(call: Call): Node {
  const turned = (name: string, x: Node): Node => (call.int(name, 0) === 0 ? x : transpose(x));
  const a = turned("transA", call.x(0));
  if (a.dtype !== "float") return integerGemm(call, a, turned("transB", call.x(1)));
  const [alpha, beta] = [call.float("alpha", 1), call.float("beta", 1)];
  const axis = call.int("transB", 0) === 0 ? 1 : 0;
  const c = call.optional(2); // not if it is the bias of a layer
  const perUnit = c === undefined || (c.shape.length === 1 && c.shape[0] > 1);
  const isBias = perUnit && beta !== 0;
  const spec = { kind: "gemm", weight: 1, axis };
  const { w, preactivation } = call.layer(isBias ? { ...spec, bias: 2 } : spec);
  const t = matmul(a, turned("transB", w));
  // The bias comes last in a layer, so that beta scales what it is added to, too.
  const y = timesNumber(
    preactivation(timesNumber(t, isBias ? alpha / beta : alpha)),
    isBias ? beta : 1,
  );
  return c && !isBias && beta !== 0 ? add(y, timesNumber(c, beta)) : y;
}
const timesNumber = (x: Node, factor: number): Node => (factor === 1 ? x : mul(x, factor));
function integerGemm(call: Call, a: Node, b: Node): Node {
  const c = call.optional(2);
  const y = throughFloat((p, q) => mul(matmul(p, q), call.float("alpha", 1)))(a, b);
  return c ? add(y, throughFloat((z) => mul(z, call.float("beta", 1)))(c)) : y;
}

export const product: Rules = { MatMul: times, Gemm: gemm };
