/** Shapes of weights with their scales and, written out naively, which elements of v make up each unit. */
import fc from "fast-check";
import { sizeOf, type Shape } from "../../src/graph/index.ts";

export interface Weight {
  readonly what: string;
  readonly v: Shape;
  readonly g: Shape;
  /** For every element of g, in order, the positions in v that its norm runs over. */
  readonly units: readonly (readonly number[])[];
}

/** Coordinates of the `i`th element of `shape`. */
const coordinates = (shape: Shape, i: number): number[] =>
  shape.map((d, axis) => Math.floor(i / sizeOf(shape.slice(axis + 1))) % d);

const weight = (
  what: string,
  v: Shape,
  g: Shape,
  unitOf: (at: readonly number[]) => number,
): Weight => {
  const units = Array.from({ length: sizeOf(g) }, () => [] as number[]);
  for (let i = 0; i < sizeOf(v); i++) units[unitOf(coordinates(v, i))].push(i);
  return { what, v, g, units };
};

const size = fc.integer({ min: 1, max: 4 });
export const weights: fc.Arbitrary<Weight> = fc.oneof(
  fc.tuple(size, size).map(([o, i]) => weight("dense", [o, i], [o, 1], ([unit]) => unit)),
  fc.tuple(size, size).map(([n, u]) => weight("embedding", [n, u], [1, u], ([, unit]) => unit)),
  fc
    .tuple(size, size, size)
    .map(([o, i, k]) => weight("conv1d", [o, i, k], [o, 1, 1], ([unit]) => unit)),
  fc
    .tuple(size, size, size, size)
    .map(([o, i, k, l]) => weight("conv2d", [o, i, k, l], [o, 1, 1, 1], ([unit]) => unit)),
  fc
    .tuple(size, size, size, size, fc.integer({ min: 1, max: 3 }))
    .map(([i, o, k, l, groups]) =>
      weight(
        "convTranspose2d",
        [i * groups, o, k, l],
        [1, o * groups, 1, 1],
        ([from, to]) => Math.floor(from / i) * o + to,
      ),
    ),
);

/** Numbers that are neither tiny nor huge, so that squares lose nothing. */
export const values = (shape: Shape): fc.Arbitrary<Float64Array> =>
  fc
    .array(fc.integer({ min: -1000, max: 1000 }), {
      minLength: sizeOf(shape),
      maxLength: sizeOf(shape),
    })
    .map((list) => Float64Array.from(list, (x) => x / 256));

export interface WeightValues extends Weight {
  readonly v0: Float64Array;
  readonly g0: Float64Array;
  /** The gradient of a loss to w. */
  readonly dw0: Float64Array;
}
/** Weights with values, no unit of v all zero. */
export const weightValues: fc.Arbitrary<WeightValues> = weights
  .chain((w) =>
    fc.record({ w: fc.constant(w), v0: values(w.v), g0: values(w.g), dw0: values(w.v) }),
  )
  .map(({ w, v0, g0, dw0 }) => ({ ...w, v0, g0, dw0 }))
  .filter(({ units, v0 }) => units.every((unit) => unit.some((i) => v0[i] !== 0)));
