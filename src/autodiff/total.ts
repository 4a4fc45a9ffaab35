/**
 * The sum of what flows back to one node from all its uses. Where a weight is used at every step of a recurrence, or a
 * value is taken apart into slices, the sum is one large op instead of many small ones and as many additions.
 */
import { add, concat, matmul, reshape, sum, transpose, type Node } from "../graph/index.ts";

/** The sum of `terms`, all of one shape; at least one. */
export function total(terms: readonly Node[]): Node {
  if (terms.length === 1) return terms[0];
  return [products, sums, tiles]
    .reduce<readonly Node[]>((rest, merge) => merge(rest), terms)
    .reduce((a, b) => add(a, b));
}

/** sum_i a_i^T b_i = [a_1; a_2; ...]^T [b_1; b_2; ...], the gradient of a matrix that is used several times. */
function products(terms: readonly Node[]): readonly Node[] {
  const found = terms.flatMap((term) => {
    if (term.op !== "matmul") return [];
    const [left, right] = term.inputs;
    return left.op === "transpose" && left.shape.length === 2 && right.shape.length === 2
      ? [{ term, a: left.inputs[0], b: right }]
      : [];
  });
  if (found.length < 2) return terms;
  const rows = (xs: readonly Node[]): Node => concat(xs, 0);
  const product = matmul(transpose(rows(found.map((f) => f.a))), rows(found.map((f) => f.b)));
  return [product, ...without(terms, found)];
}

/** Sums over the first axis, the gradient of what is added to every row: one sum of all rows. */
function sums(terms: readonly Node[]): readonly Node[] {
  const found = terms.flatMap((term) => {
    const y = term.op === "reshape" ? term.inputs[0] : term;
    return y.op === "sum" && y.attrs.axes[0] === 0 ? [{ term, y, x: y.inputs[0] }] : [];
  });
  const alike = found.filter(
    ({ y, x }) =>
      `${y.attrs.axes} ${y.attrs.keepDims} ${x.shape.slice(1)}` ===
      `${found[0].y.attrs.axes} ${found[0].y.attrs.keepDims} ${found[0].x.shape.slice(1)}`,
  );
  if (alike.length < 2) return terms;
  const [{ y }] = alike;
  const one = sum(
    concat(
      alike.map((f) => f.x),
      0,
    ),
    y.attrs,
  );
  return [reshape(one, terms[0].shape), ...without(terms, alike)];
}

/** Slices that follow each other along one axis from end to end, each with zeros around it: laid side by side. */
function tiles(terms: readonly Node[]): readonly Node[] {
  const found = terms.flatMap((term) => {
    if (term.op !== "pad") return [];
    const axes = term.attrs.pads.flatMap((p, axis) => (p[0] + p[1] > 0 ? [axis] : []));
    return axes.length === 1 ? [{ term, axis: axes[0], start: term.attrs.pads[axes[0]][0] }] : [];
  });
  const row = found
    .filter(({ axis }) => axis === found[0].axis)
    .toSorted((a, b) => a.start - b.start);
  let end = 0;
  for (const { term, axis, start } of row) {
    if (start !== end) return terms;
    end += term.inputs[0].shape[axis];
  }
  if (row.length === 0 || end !== terms[0].shape[row[0].axis]) return terms;
  return [
    concat(
      row.map(({ term }) => term.inputs[0]),
      row[0].axis,
    ),
    ...without(terms, row),
  ];
}

const without = (
  terms: readonly Node[],
  used: readonly { readonly term: Node }[],
): readonly Node[] => terms.filter((t) => !used.some(({ term }) => term === t));
