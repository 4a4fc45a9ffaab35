/** What typing rules ask of inputs and axes, in the words that they refuse with; functions built from several ops ask the same. */
import type { Dtype, Shape } from "./op.ts";

export interface Type {
  readonly shape: Shape;
  readonly dtype: Dtype;
}

/** A shape as messages show it. */
export const show = (shape: Shape): string => `[${shape.join(", ")}]`;

/** The number of elements of a shape. */
export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** NumPy's broadcasting of two shapes; throws when they do not fit. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const p = a[i - rank + a.length] ?? 1;
    const q = b[i - rank + b.length] ?? 1;
    if (p !== q && p !== 1 && q !== 1)
      throw new Error(
        `${op}: shapes ${show(a)} and ${show(b)} do not broadcast; axes must be equal or 1, counted from the right`,
      );
    return p === 1 ? q : p;
  });
}

/** Refuses all dtypes but these. */
export const need = (op: string, x: Type, ...dtypes: Dtype[]): void => {
  if (!dtypes.includes(x.dtype))
    throw new Error(
      `${op}: expected ${dtypes.join(" or ")}, got ${x.dtype} ${show(x.shape)}; cast it first`,
    );
};
/** Refuses a shape of another rank than `layout`, whose axes have names with commas between. */
export const needRank = (op: string, what: string, shape: Shape, layout: string): void => {
  const rank = layout.split(",").length;
  if (shape.length !== rank)
    throw new Error(
      `${op}: expected ${what} of shape [${layout}], got ${show(shape)}; reshape it first`,
    );
};
/** Refuses axes that a tensor of this rank does not have, and one that is named twice; negative ones are counted already. */
export const wholeAxes = (op: string, axes: readonly number[], rank: number): void => {
  const advice =
    rank === 0
      ? "a scalar has no axes, reshape it first"
      : `use 0 to ${rank - 1}, or negative ones from the end`;
  for (const a of axes)
    if (!Number.isInteger(a) || a < 0 || a >= rank)
      throw new Error(`${op}: axis ${a} is outside a tensor of rank ${rank}; ${advice}`);
  if (new Set(axes).size !== axes.length)
    throw new Error(`${op}: an axis is named twice, got [${axes}]; name each once`);
};

export const sameShape = (
  op: string,
  what: string,
  got: Shape,
  expected: Shape,
  advice = "check its strides and pads",
): void => {
  if (show(got) !== show(expected))
    throw new Error(`${op}: ${what} is ${show(got)}, expected ${show(expected)}; ${advice}`);
};

export const isWhole = (n: number): boolean => Number.isInteger(n) && n >= 0;
export const wholeShape = (shape: Shape): Shape => {
  if (!shape.every(isWhole))
    throw new Error(`shape: axes are whole numbers, got ${show(shape)}; give every axis its size`);
  return shape;
};
