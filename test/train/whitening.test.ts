/** The defining properties of ZCA whitening, on random pixels with strong correlations. */
import { expect, test } from "vitest";
import { hash, keyOf } from "../../src/graph/hash.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { reference } from "../../src/runtime/reference.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import { applyWhitening, fitWhitening } from "../../src/train/whitening.ts";

const runtime = nodeRuntime({ threads: 1 });

const [n, d] = [500, 12];
const key = keyOf("whitening");
const uniform = (i: number): number => hash(i, key) / 2 ** 32;
/** Neighbours share most of their value; the last pixel never varies. */
const pixels = Uint8Array.from({ length: n * d }, (_, at) => {
  const [row, i] = [Math.floor(at / d), at % d];
  if (i === d - 1) return 7;
  return Math.floor(200 * uniform(row) + 50 * uniform(n + row * d + i - (i % 2)) + 5 * uniform(at));
});
const epsilon = 1e-5;
const scaled = { scale: 1 / 128, shift: -127.5 / 128 };

const product = (a: ArrayLike<number>, b: ArrayLike<number>): number[] =>
  Array.from({ length: d * d }, (_, at) => {
    const [row, column] = [Math.floor(at / d), at % d];
    return Array.from({ length: d }, (__, k) => a[row * d + k] * b[k * d + column]).reduce(
      (x, y) => x + y,
    );
  });
const covarianceOf = (x: ArrayLike<number>): number[] => {
  const count = x.length / d;
  const mean = Array.from({ length: d }, (_, i) => {
    let sum = 0;
    for (let at = i; at < x.length; at += d) sum += x[at];
    return sum / count;
  });
  return Array.from({ length: d * d }, (_, at) => {
    const [i, j] = [Math.floor(at / d), at % d];
    let sum = 0;
    for (let row = 0; row < x.length; row += d)
      sum += (x[row + i] - mean[i]) * (x[row + j] - mean[j]);
    return sum / count;
  });
};
const identity = Array.from({ length: d * d }, (_, at) => (at % (d + 1) === 0 ? 1 : 0));
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i])));

test("forward and back undo each other, are symmetric, and back twice is the covariance", async () => {
  const { forward, back } = await fitWhitening(pixels, d, { ...scaled, runtime, epsilon });
  expect(distance(product(forward, back), identity)).toBeLessThan(1e-12);
  for (const m of [forward, back])
    expect(
      distance(
        m,
        Array.from(m, (_, at) => m[(at % d) * d + Math.floor(at / d)]),
      ),
    ).toBeLessThan(1e-10);
  const expected = covarianceOf(Float64Array.from(pixels, (x) => x / 128)).map(
    (c, at) => c + (at % (d + 1) === 0 ? epsilon : 0),
  );
  expect(distance(product(back, back), expected)).toBeLessThan(1e-12);
});

test("whitened pixels have mean 0 and covariance I - epsilon W^2", async () => {
  const fitted = await fitWhitening(pixels, d, { ...scaled, runtime, epsilon });
  const y = await applyWhitening(
    pixels,
    { mean: fitted.mean, forward: Float32Array.from(fitted.forward) },
    { ...scaled, runtime },
  );
  const covariance = covarianceOf(y);
  // W (C + epsilon I) W = I, so W C W = I - epsilon W^2.
  const square = product(fitted.forward, fitted.forward);
  const expected = identity.map((v, at) => v - epsilon * square[at]);
  expect(distance(covariance, expected)).toBeLessThan(1e-3);
  const sums = Array.from({ length: d }, (_, i) =>
    y.filter((__, at) => at % d === i).reduce((a, b) => a + b),
  );
  expect(Math.max(...sums.map((s) => Math.abs(s / n)))).toBeLessThan(1e-3);
});

test("asks for whole rows and a positive epsilon", async () => {
  await expect(fitWhitening(pixels, d, { runtime, epsilon: 0 })).rejects.toThrow(
    "fitWhitening: epsilon must be above 0, or what does not vary has no inverse, got 0; try 1e-5",
  );
  await expect(fitWhitening(pixels.subarray(1), d, { runtime, epsilon })).rejects.toThrow(
    "fitWhitening: x must hold two or more rows of 12 values, got 5999 values; check d",
  );
});

test("says so where it did not converge", async () => {
  const message = (x: Uint8Array | Float32Array, tiny: number): Promise<string> =>
    fitWhitening(x, d, { runtime, epsilon: tiny }).then(
      () => "no error",
      (error: unknown) => (error as Error).message,
    );
  expect(await message(Float32Array.from(pixels).fill(NaN, 5, 6), epsilon)).toBe(
    "fitWhitening: did not converge, got roots whose product is NaN from I; check that x is finite, or raise epsilon above 0.00001",
  );
  // The pixel that never varies has no other variance than epsilon, and sixty steps are too few for that.
  expect(await message(pixels, 1e-100)).toMatch(
    /^fitWhitening: did not converge, got roots whose product is [\d.]+ from I; check that x is finite, or raise epsilon above 1e-100$/,
  );
});

test("is the same on WebAssembly", async () => {
  const [native, web] = await Promise.all(
    [runtime, webRuntime()].map((r) => fitWhitening(pixels, d, { ...scaled, runtime: r, epsilon })),
  );
  expect(distance(web.forward, native.forward)).toBeLessThan(1e-9);
  expect(distance(web.back, native.back)).toBeLessThan(1e-12);
});

test("says so where a runtime opens no models", async () => {
  await expect(fitWhitening(pixels, d, { runtime: reference, epsilon })).rejects.toThrow(
    "fitWhitening: the runtime must open models of ONNX, got reference; give nodeRuntime() or webRuntime()",
  );
});
