/** A plane through the space of latents: two directions at right angles, and a drawn point that it goes through. */

/** Two unit directions and what does not change along them, all the same for the same seed. */
export interface Plane {
  readonly base: Float64Array;
  readonly along: readonly [Float64Array, Float64Array];
}

export function planeOf(count: number, seed: number): Plane {
  const normal = normals(seed);
  const drawn = (): Float64Array => Float64Array.from({ length: count }, normal);
  const first = unit(drawn());
  const second = count > 1 ? unit(without(drawn(), first)) : new Float64Array(count);
  return { base: without(without(drawn(), first), second), along: [first, second] };
}

/** The point so far along both directions. */
export const pointOn = ({ base, along: [a, b] }: Plane, x: number, y: number): Float32Array =>
  Float32Array.from(base, (z, i) => z + x * a[i] + y * b[i]);

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, x, i) => s + x * b[i], 0);
const unit = (a: Float64Array): Float64Array => a.map((x) => x / Math.sqrt(dot(a, a)));
const without = (a: Float64Array, b: Float64Array): Float64Array => {
  const share = dot(a, b);
  return a.map((x, i) => x - share * b[i]);
};

/** N(0, 1) by Box and Muller from a counted hash: draws of a page, not of training. */
function normals(seed: number): () => number {
  let n = 0;
  const uniform = (): number => {
    let h = Math.imul(seed, 0x9e3779b1) ^ Math.imul(++n, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
    return (((h ^ (h >>> 15)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
