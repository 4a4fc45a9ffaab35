/** Random convolutions for property tests. */
import fc from "fast-check";
import { constant, conv2d, type Conv2dOptions, type Shape } from "../../src/graph/index.ts";

export interface Geometry {
  readonly x: Shape;
  readonly w: Shape;
  readonly y: Shape;
  readonly options: Conv2dOptions;
}
const whole = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const both = (min: number, max: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(whole(min, max), whole(min, max));

/** Convolutions of any strides, pads, dilations and groups; `spare` rows and columns may stay unreached by the kernel. */
export const convolutions: fc.Arbitrary<Geometry> = fc
  .record({
    batch: whole(1, 3),
    groups: whole(1, 3),
    ins: whole(1, 3),
    outs: whole(1, 3),
    kernel: both(1, 3),
    spare: both(0, 5),
    strides: both(1, 3),
    dilations: both(1, 2),
    pads: fc.tuple(whole(0, 2), whole(0, 2), whole(0, 2), whole(0, 2)),
  })
  .map(({ batch, groups, ins, outs, kernel, spare, strides, dilations, pads }) => {
    const size = [0, 1].map((i) =>
      Math.max(1, (kernel[i] - 1) * dilations[i] + 1 + spare[i] - pads[i] - pads[i + 2]),
    );
    const x = [batch, groups * ins, ...size];
    const w = [groups * outs, ins, ...kernel];
    const options = { strides, pads, dilations, groups };
    return { x, w, y: conv2d(constant(0, x), constant(0, w), options).shape, options };
  });
