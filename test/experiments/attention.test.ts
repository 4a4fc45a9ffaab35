/** DRAW's attention: gradients, and what its filters come to where that can be said in closed form. */
import { describe, expect, test } from "vitest";
import {
  filters,
  grid,
  outline,
  read,
  write,
  type Grid,
} from "../../experiments/draw/attention.ts";
import {
  constant,
  input,
  mul,
  reshape,
  square,
  sum,
  type Node,
  type Shape,
} from "../../src/graph/index.ts";
import { evaluate, grad, gradcheck, tensor } from "../../src/index.ts";
import { nodeRuntime } from "../../src/node/index.ts";
import { near, noise } from "../nn/network.ts";
import { filterBanks, glimpse, patchOnto } from "./draw-in-numbers.ts";

const valueOf = (y: Node): number[] => [...evaluate({ y }).y.data];
const node = (shape: Shape, seed: number): Node => constant(noise(shape, { seed }).data, shape);

/** Equal to five decimals: what the guard in the filters' denominator leaves. */
const close = (got: readonly number[], expected: readonly number[]): void => {
  expect(got).toHaveLength(expected.length);
  for (const [i, v] of expected.entries()) expect(got[i]).toBeCloseTo(v, 5);
};

const SHARP = -12; // log sigma^2: a filter that sees one pixel
interface Place {
  readonly x?: number;
  readonly y?: number;
  readonly logVariance?: number;
  readonly logIntensity?: number;
}
/** The grid of a batch of one, its center (g~_X, g~_Y) at x, y. */
const placed = (
  { x = 0, y = 0, logVariance = 0, logIntensity = 0 }: Place,
  shape: { readonly points: number; readonly size: number },
): Grid => grid(constant([x, y, logVariance, 0, logIntensity], [1, 5]), shape);

describe("gradients", () => {
  const at = grid(mul(input("parameters", [2, 5]), 0.3), { points: 3, size: 6 });
  const images = [input("a", [2, 6, 6]), input("b", [2, 6, 6])];
  const cases: Readonly<Record<string, Node>> = {
    "center of grid": at.center,
    "stride of grid": at.stride,
    "variance of grid": at.variance,
    "intensity of grid": at.intensity,
    outline: outline(at),
    "filters over x": filters(at).x,
    "filters over y": filters(at).y,
    read: read(images, at),
    write: write(input("w", [2, 9]), at),
    "read of what was written": read([write(input("w", [2, 9]), at)], at),
  };
  test.each(Object.keys(cases))("of %s", (name) => {
    gradcheck(cases[name]);
  });
});

describe("a grid", () => {
  test("of zeros is in the middle and spans the image", () => {
    near(valueOf(outline(placed({}, { points: 5, size: 28 }))), [13.5, 13.5, 27 / 4, 1]);
  });
  test("moves by half the paper's 29 pixels where g~ does by 1: right and down are positive", () => {
    const [x, y] = valueOf(outline(placed({ x: 1, y: -0.5 }, { points: 5, size: 28 })));
    near([x, y], [13.5 + 14.5, 13.5 - 7.25]);
  });
  test("of one point reads the pixel it stands on", () => {
    const image = node([1, 5, 5], 1);
    const at = placed({ x: 1 / 3, y: -1 / 3, logVariance: SHARP }, { points: 1, size: 5 });
    close(valueOf(read([image], at)), [valueOf(image)[1 * 5 + 3]]);
  });
});

describe("filters", () => {
  test("sum to 1", () => {
    const at = grid(mul(node([4, 5], 1), 0.2), { points: 3, size: 6 });
    for (const bank of Object.values(filters(at)) as Node[]) {
      expect(bank.shape).toEqual([4, 3, 6]);
      for (const total of valueOf(sum(bank, { axes: 2 }))) expect(total).toBeCloseTo(1, 6);
    }
  });
  test("as many as pixels, and sharp, read an image as it is", () => {
    const image = node([1, 6, 6], 2);
    const [a, b] = [image, square(image)];
    const seen = read([a, b], placed({ logVariance: SHARP }, { points: 6, size: 6 }));
    close(valueOf(seen), [...valueOf(a), ...valueOf(b)]);
  });
  test("read what they wrote, whatever the intensity", () => {
    const patch = node([1, 9], 3);
    const at = placed({ logVariance: SHARP, logIntensity: 1.5 }, { points: 3, size: 5 });
    close(valueOf(read([write(patch, at)], at)), valueOf(patch));
  });
  test("write a patch's rows from top to bottom", () => {
    const at = placed({ logVariance: SHARP }, { points: 2, size: 3 });
    const canvas = valueOf(write(constant([1, 2, 3, 4], [1, 4]), at));
    close(canvas, [1, 0, 2, 0, 0, 0, 3, 0, 4]);
  });
});

test("filters, read and write are eqs. 19-29 as the paper counts", () => {
  const [A, N] = [6, 3];
  // Different places, widths, strides and intensities.
  const places = [
    [0.2, -0.3, 0.4, -0.5, 0.6],
    [-0.4, 0.1, -0.7, 0.2, -0.9],
  ];
  const [images, patches] = [noise([2, A, A], { seed: 4 }), noise([2, N * N], { seed: 5 })];
  const rows = (data: ArrayLike<number>, from: number, width: number, count: number): number[][] =>
    Array.from({ length: count }, (_, i) =>
      Array.from({ length: width }, (_, j) => data[from + i * width + j]),
    );
  const at = grid(constant(places.flat(), [2, 5]), { points: N, size: A });
  const expected = places.map((parameters, i) => ({
    ...filterBanks({ parameters, A, N }),
    read: glimpse(rows(images.data, i * A * A, A, A), { parameters, A, N }).flat(),
    written: patchOnto(rows(patches.data, i * N * N, N, N), { parameters, A, N }).flat(),
  }));
  const { x, y } = filters(at);
  close(
    valueOf(x),
    expected.flatMap((e) => e.FX.flat()),
  );
  close(
    valueOf(y),
    expected.flatMap((e) => e.FY.flat()),
  );
  close(
    valueOf(read([constant(images.data, images.shape)], at)),
    expected.flatMap((e) => e.read),
  );
  close(
    valueOf(write(constant(patches.data, patches.shape), at)),
    expected.flatMap((e) => e.written),
  );
});

test("a window outside the image sees nothing, and its gradient is finite in float32", async () => {
  const parameters = input("parameters", [3, 5]);
  const at = grid(parameters, { points: 2, size: 6 });
  const image = input("image", [3, 6, 6]);
  const seen = read([image], at);
  const [dparameters] = grad(sum(square(seen)), [parameters]);
  const program = await nodeRuntime({ threads: 1 }).compile({
    inputs: [parameters, image],
    outputs: { seen: reshape(seen, [3, 4]), dparameters },
  });
  // far away; just where weights go below OUTSIDE; sharp and between two pixels
  const places = [
    [40, -40, 0, 0, 0],
    [3.2, 3.2, 0, 0, 0],
    [0.1, 0.1, -9, 0, 0],
  ];
  const feeds = {
    parameters: tensor(places.flat(), [3, 5]),
    image: tensor(noise([3, 6, 6]).data, [3, 6, 6]),
  };
  const values = await program.run(feeds, new Map());
  await program.release();
  expect([...values.seen.data.slice(0, 4)]).toEqual([0, 0, 0, 0]);
  expect([...values.dparameters.data].every(Number.isFinite)).toBe(true);
});
