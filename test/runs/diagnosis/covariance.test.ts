/** Covariances by their closed forms and properties. */
import { describe, expect, test } from "vitest";
import {
  alignmentOf,
  covarianceOf,
  looked,
  projected,
} from "../../../runs/diagnosis/covariance.ts";
import { eigenOf } from "../../../runs/diagnosis/eigen.ts";
import { strongest } from "../../../runs/diagnosis/strongest.ts";
import { centred, type Samples } from "../../../runs/diagnosis/vectors.ts";
import { heavy, normal, ones } from "./samples.ts";

/** Samples 2 d of which the covariance is exactly what it is: a e_i and -a e_i. */
function exact(values: readonly number[], times = 4): Samples {
  const d = values.length;
  const n = 2 * d * times;
  const rows = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    const axis = (i >> 1) % d;
    rows[i * d + axis] = (i % 2 ? 1 : -1) * Math.sqrt((values[axis] * (n - 1)) / (2 * times));
  }
  return { rows, d };
}

test("eigenvalues and eigenvectors are those of the matrix", () => {
  const d = 40;
  const c = covarianceOf(centred(normal(60, ones(d))));
  const { values, vectors } = eigenOf(c);
  for (const j of [0, 1, 20, d - 1]) {
    for (let i = 0; i < d; i++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += c[i * d + k] * vectors[k * d + j];
      expect(sum).toBeCloseTo(values[j] * vectors[i * d + j], 12);
    }
  }
  expect(values).toEqual(values.toSorted());
  const [small, large] = eigenOf(Float64Array.of(2, 1, 1, 2)).values;
  expect(small).toBeCloseTo(1, 14);
  expect(large).toBeCloseTo(3, 14);
});

describe("a covariance", () => {
  test("that is known has its condition and its distance", () => {
    const { spectrum, top } = looked(exact([1, 2, 3, 10]))!;
    expect(spectrum.mean).toBeCloseTo(4, 12);
    expect(spectrum.largest).toBeCloseTo(2.5, 12);
    expect(spectrum.overMedian).toBeCloseTo(4, 12);
    expect(spectrum.overSmallest).toBeCloseTo(10, 12);
    expect(spectrum.distance).toBeCloseTo(Math.sqrt((9 + 4 + 1 + 36) / 4) / 4, 12);
    expect(spectrum.corrected).toBeCloseTo(spectrum.distance!, 12);
    expect(Math.abs(top[3])).toBeCloseTo(1, 12);
    expect(looked(exact([5, 5, 5]))!.spectrum).toMatchObject({
      distance: expect.closeTo(0, 12) as number,
      overSmallest: expect.closeTo(1, 12) as number,
    });
  });
  test("to which one sample in ten adds nearly all is as good as of a tenth of them", () => {
    const samples = normal(1000, ones(5));
    const [all, tenth] = [samples, heavy(samples, 100)].map((s) => looked(s)!.spectrum.effective);
    expect(tenth / all).toBeCloseTo(0.1, 1.5);
    expect(looked(exact([4, 4, 4]))!.spectrum.effective).toBeCloseTo(24, 10);
  });
  test("of what does not vary is none", () => {
    expect(looked({ rows: new Float32Array(60).fill(3), d: 3 })).toBeNull();
  });
  test("M_w C M_w kills w, and is what M_w makes of C", () => {
    const w = [1, -2, 0.5, 3, 0.1];
    const samples = centred(normal(50, [3, 1, 1, 2, 5]));
    const [c, p] = [covarianceOf(samples), covarianceOf(projected(samples, w))];
    const square = w.reduce((sum, x) => sum + x * x, 0);
    const m = w.map((x, i) => w.map((y, j) => (i === j ? 1 : 0) - (x * y) / square));
    for (let i = 0; i < 5; i++) {
      expect(w.reduce((sum, x, j) => sum + p[i * 5 + j] * x, 0)).toBeCloseTo(0, 12);
      for (let j = 0; j < 5; j++) {
        let sum = 0;
        for (let a = 0; a < 5; a++)
          for (let b = 0; b < 5; b++) sum += m[i][a] * c[a * 5 + b] * m[b][j];
        expect(p[i * 5 + j]).toBeCloseTo(sum, 12);
      }
    }
  });
  test("without its dominant eigenvector is a multiple of the identity, where all else is", () => {
    const samples = exact([100, 1, 1, 1, 1]);
    const w = [2, 0, 0, 0, 0];
    const before = looked(samples)!;
    const after = looked(projected(samples, w), 4)!.spectrum;
    expect(before.spectrum.overMedian).toBeCloseTo(100, 10);
    expect(after).toMatchObject({ dimensions: 4, overMedian: expect.closeTo(1, 12) as number });
    expect(after.distance).toBeCloseTo(0, 12);
    const { cosine, p, share } = alignmentOf(samples, w, before);
    expect(cosine).toBeCloseTo(1, 12);
    expect(p).toBeLessThan(1e-20);
    expect(share).toBeCloseTo(100 / 20.8, 10);
  });
  test("of which there are too few samples has its largest eigenvalue and its distance all the same", () => {
    const deviations = [20, ...ones(199)];
    const [few, many] = [normal(400, deviations), normal(1600, deviations, 2)].map((s) =>
      looked(s)!,
    );
    expect(few.spectrum).toMatchObject({ eigenvalues: null, overSmallest: null, distance: null });
    expect(Math.abs(few.top[0])).toBeGreaterThan(0.99);
    expect(few.spectrum.largest / many.spectrum.largest).toBeCloseTo(1, 0.5);
    expect(few.spectrum.corrected! / many.spectrum.corrected!).toBeCloseTo(1, 0.5);
  });
  test("has the largest eigenvalue by Lanczos' method that it has by all of them, and says where it has not", () => {
    const samples = centred(normal(300, [9, 8.9, ...ones(58)]));
    const { values, vectors } = eigenOf(covarianceOf(samples));
    const { value, vector, converged } = strongest(samples);
    expect(value / values[59]).toBeCloseTo(1, 10);
    expect(converged).toBe(true);
    const along = vector.reduce((sum, x, i) => sum + x * vectors[i * 60 + 59], 0);
    expect(Math.abs(along)).toBeCloseTo(1, 6);
    expect(strongest(samples, 3).converged).toBe(false);
  });
  test("of a half that does not vary has no distance without what chance adds", () => {
    const { rows, d } = normal(40, ones(3));
    rows.fill(2, 60);
    expect(looked({ rows, d })!.spectrum).toMatchObject({
      corrected: null,
      overSmallest: expect.any(Number) as number,
    });
  });
});
