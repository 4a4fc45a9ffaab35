/** What samples of the same lengths would measure if their directions were random: structure is what goes beyond it. */
import type { Key } from "../../src/index.ts";
import { effectiveOf, eigenvaluesOf, halvesOf } from "./covariance.ts";
import { directions } from "./random-direction.ts";
import type { Noise } from "./record.ts";
import { centred, countOf, squareOf, squaresOf, type Samples } from "./vectors.ts";

/**
 * Every sample keeps its length and gets a direction of its own in k dimensions. Gradients have heavy tails: where a few of them have nearly all
 * of the covariance, chance makes the spectrum as steep as they are few. Eigenvalues are those of one draw. What chance adds to
 * distances follows from the lengths: of directions u and u' (u u')^2 is 1 / k in the mean with a variance of
 * 2 (k - 1) / (k^2 (k + 2)), and independent from pair to pair. So k tr C^2 / (tr C)^2 - 1 is (k - 1) / e in the mean, e being as
 * many samples as these are as good as, and k tr AB / (tr A tr B) - 1 of halves that are as good as a and b is 0 with a variance of
 * 2 (k - 1) / ((k + 2) a b). Null where samples do not vary.
 */
export function chanceOf(samples: Samples, k: number, key: Key): Noise | null {
  const squares = squaresOf(centred(samples));
  const n = countOf(samples);
  if (!squares.some((x) => x > 0)) return null;
  const rows = directions(n, k, key);
  for (let i = 0; i < n; i++) {
    const length = Math.sqrt(squares[i]);
    for (let j = 0; j < k; j++) rows[i * k + j] *= length;
  }
  const drawn = centred({ rows, d: k });
  const mean = squareOf(drawn.rows) / (n - 1) / k;
  const { largest, overMedian, overSmallest } = eigenvaluesOf(drawn, { dimensions: k, mean });
  const [a, b] = halvesOf(n).map(([from, to]) => effectiveOf(squares.subarray(from, to)));
  const variance = (2 * (k - 1)) / ((k + 2) * a * b);
  return {
    ...{ largest, overMedian, overSmallest },
    distance: Math.sqrt((k - 1) / effectiveOf(squares)),
    corrected: Number.isFinite(variance) ? variance ** 0.25 : null,
  };
}
