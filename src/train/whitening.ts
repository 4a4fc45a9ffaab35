/**
 * ZCA whitening (Krizhevsky 2009, appendix A): the linear map nearest to the identity after which pixels are uncorrelated and
 * of variance 1, (x - mean) (C + epsilon I)^(-1/2).
 */
import { hash, keyOf } from "../graph/hash.ts";
import { input, matmul, optionsOf, parameter } from "../graph/index.ts";
import { gramModel, newtonSchulzModel } from "../onnx/float64.ts";
import { tensor, type Runtime, type Session, type State, type Tensor } from "../runtime/program.ts";

/** What whitens and what undoes it. */
export interface Whitening {
  /** [d] */
  readonly mean: Float64Array;
  /** (C + epsilon I)^(-1/2), [d, d], symmetric. */
  readonly forward: Float64Array;
  /** (C + epsilon I)^(1/2), its inverse. */
  readonly back: Float64Array;
}

/** What values are made of before they are whitened: `scale x + shift`. */
export interface Scaled {
  readonly scale?: number;
  readonly shift?: number;
}

export interface WhiteningOptions extends Scaled {
  /** One that opens models: doubles are multiplied by it. */
  readonly runtime: Runtime;
  /** Added to every variance. */
  readonly epsilon: number;
  /** From 0 to 1. */
  readonly onProgress?: (done: number) => void;
}

/** Rows at a time: 25 MB of doubles for an image of CIFAR-10. */
const CHUNK = 1000;
/** Steps after which the iteration has converged for any covariance that doubles can hold. */
const MOST_STEPS = 60;
/** How far the product of the two roots may be from I: rounding alone leaves some 1e-12 for CIFAR-10. */
const MOST_RESIDUAL = 1e-8;

const knownOfFit = optionsOf<WhiteningOptions>("fitWhitening", {
  runtime: "required",
  epsilon: "required",
  scale: "optional",
  shift: "optional",
  onProgress: "optional",
});
/** Fitted to the rows of x [n, d], each value as `scale x + shift`. */
export async function fitWhitening(
  x: Uint8Array | Float32Array,
  d: number,
  options: WhiteningOptions,
): Promise<Whitening> {
  const {
    runtime,
    epsilon,
    scale = 1,
    shift = 0,
    onProgress = () => undefined,
  } = knownOfFit(options);
  const n = x.length / d;
  if (!Number.isInteger(n) || n < 2)
    throw new Error(
      `fitWhitening: x must hold two or more rows of ${d} values, got ${x.length} values; check d`,
    );
  if (!(epsilon > 0))
    throw new Error(
      `fitWhitening: epsilon must be above 0, or what does not vary has no inverse, got ${epsilon}; try 1e-5`,
    );
  const open = (model: Uint8Array): Promise<Session> => {
    if (runtime.open) return runtime.open(model);
    throw new Error(
      `fitWhitening: the runtime must open models of ONNX, got ${runtime.name}; give nodeRuntime() or webRuntime()`,
    );
  };
  const mean = meanOf(x, d).map((m) => scale * m + shift);
  const centre = (row: number, out: Float64Array): void => {
    for (let i = 0; i < out.length; i++) out[i] = scale * x[row * d + i] + shift - mean[i % d];
  };
  const share = 0.25; // of the time, in which the covariance is made
  const covariance = await using(open(gramModel(d)), (session) =>
    gram(session, { n, d, centre, onProgress: (done) => onProgress(share * done) }),
  );
  for (let i = 0; i < d * d; i++) covariance[i] /= n;
  for (let i = 0; i < d; i++) covariance[i * d + i] += epsilon;
  const { root, inverse } = await using(open(newtonSchulzModel(d)), (session) =>
    squareRoot(session, covariance, {
      d,
      least: epsilon,
      onProgress: (done) => onProgress(share + (1 - share) * done),
    }),
  );
  return { mean, forward: inverse, back: root };
}

async function using<T>(
  opening: Promise<Session>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await opening;
  try {
    return await work(session);
  } finally {
    await session.release();
  }
}

function meanOf(x: Uint8Array | Float32Array, d: number): Float64Array {
  const sums = new Float64Array(d);
  for (let at = 0; at < x.length; at += d) for (let i = 0; i < d; i++) sums[i] += x[at + i];
  return sums.map((s) => s / (x.length / d));
}

interface GramOptions {
  readonly n: number;
  readonly d: number;
  /** Fills `out` with centred rows from `row` on. */
  readonly centre: (row: number, out: Float64Array) => void;
  readonly onProgress: (done: number) => void;
}
/** The sum over rows of x^T x. */
async function gram(
  session: Session,
  { n, d, centre, onProgress }: GramOptions,
): Promise<Float64Array> {
  let sum = tensor(new Float64Array(d * d), [d, d]);
  for (let row = 0; row < n; row += CHUNK) {
    const rows = Math.min(CHUNK, n - row);
    const chunk = new Float64Array(rows * d);
    centre(row, chunk);
    sum = (await session.run({ x: tensor(chunk, [rows, d]), sum }))["next"];
    onProgress((row + rows) / n);
  }
  return sum.data as Float64Array;
}

interface RootOptions {
  readonly d: number;
  /** A bound below every eigenvalue. */
  readonly least: number;
  readonly onProgress: (done: number) => void;
}
/**
 * m^(1/2) and m^(-1/2) of a symmetric positive definite m by products of matrices alone. With m / s for m, s a bound above
 * every eigenvalue, the eigenvalues x of (z y)^(1/2) start in [l, 1] and go to 1 by x (3 - x^2) / 2, for which each is first
 * multiplied by rho, rho^2 = 3 / (1 + l + l^2), so that both ends of the interval meet (Chen & Chow 2014).
 */
async function squareRoot(
  session: Session,
  m: Float64Array,
  { d, least, onProgress }: RootOptions,
): Promise<{ readonly root: Float64Array; readonly inverse: Float64Array }> {
  const matrix = (data: Float64Array): Tensor => tensor(data, [d, d]);
  const scalar = (value: number): Tensor => tensor(Float64Array.of(value), []);
  const unit = new Float64Array(d * d);
  for (let i = 0; i < d; i++) unit[i * d + i] = 1;
  const identity = matrix(unit);
  const s = largestRowSum(m, d);
  let [y, z] = [matrix(m.map((v) => v / s)), identity];
  let l = Math.sqrt(Math.min(1, least / s));
  const start = Math.log(l);
  for (let step = 0; step < MOST_STEPS; step++) {
    const rho = Math.sqrt(3 / (1 + l + l * l));
    const done = !(1 - l >= 1e-15); // NaN comes to no end by itself
    const next = await session.run({
      y,
      z,
      identity,
      a: scalar(1.5 * rho),
      b: scalar(0.5 * rho ** 3),
    });
    [y, z] = [next["y2"], next["z2"]];
    l = Math.min(1, (rho * l * (3 - (rho * l) ** 2)) / 2);
    onProgress(start === 0 ? 1 : 1 - Math.log(l) / start);
    if (done) break; // one more step has taken out what rounding put in
  }
  const left = residual(z.data as Float64Array, y.data as Float64Array);
  if (!(left <= MOST_RESIDUAL))
    throw new Error(
      `fitWhitening: did not converge, got roots whose product is ${left} from I; check that x is finite, or raise epsilon above ${least}`,
    );
  const r = Math.sqrt(s);
  return {
    root: (y.data as Float64Array).map((v) => v * r),
    inverse: (z.data as Float64Array).map((v) => v / r),
  };
}

/**
 * The largest entry of (z y - I) r, where r holds signs as if by chance: small only if z y is I, and it takes no third product
 * of matrices (Freivalds 1977).
 */
function residual(z: Float64Array, y: Float64Array): number {
  const key = keyOf("residual");
  const r = Float64Array.from(
    { length: Math.sqrt(y.length) },
    (_, i) => (hash(i, key) & 1) * 2 - 1,
  );
  return times(z, times(y, r)).reduce((most, v, i) => Math.max(most, Math.abs(v - r[i])), 0);
}

/** m x, [d, d] and [d] -> [d] */
const times = (m: Float64Array, x: Float64Array): Float64Array =>
  x.map((_, row) => x.reduce((sum, v, i) => sum + m[row * x.length + i] * v, 0));

/** At least the largest eigenvalue (Gershgorin). */
function largestRowSum(m: Float64Array, d: number): number {
  let most = 0;
  for (let row = 0; row < d; row++) {
    let sum = 0;
    for (let i = 0; i < d; i++) sum += Math.abs(m[row * d + i]);
    most = Math.max(most, sum);
  }
  return most;
}

const knownOfApply = optionsOf<Scaled & { readonly runtime: Runtime }>("applyWhitening", {
  runtime: "required",
  scale: "optional",
  shift: "optional",
});
/** (scale x + shift - mean) forward for the rows of x [n, d], in float32. */
export async function applyWhitening(
  x: Uint8Array,
  { mean, forward }: { readonly mean: ArrayLike<number>; readonly forward: Float32Array },
  options: Scaled & { readonly runtime: Runtime },
): Promise<Float32Array> {
  const { runtime, scale = 1, shift = 0 } = knownOfApply(options);
  const d = mean.length;
  const rows = input("rows", [CHUNK, d]);
  const w = parameter("w", [d, d], { init: { kind: "constant", value: 0 } });
  const program = await runtime.compile({ inputs: [rows], outputs: { y: matmul(rows, w) } });
  const state: State = new Map([["w", tensor(forward, [d, d])]]);
  const y = new Float32Array(x.length);
  const centred = new Float32Array(CHUNK * d);
  for (let start = 0; start < x.length; start += centred.length) {
    const size = Math.min(centred.length, x.length - start);
    for (let i = 0; i < size; i++) centred[i] = scale * x[start + i] + shift - mean[i % d];
    const outputs = await program.run({ rows: tensor(centred, [CHUNK, d]) }, state);
    y.set((outputs["y"].data as Float32Array).subarray(0, size), start);
  }
  await program.release();
  return y;
}
