/** DRAW's equations once more, with numbers in nested lists and as the paper writes them: what the model's graphs are compared with. */

export type Vector = readonly number[];
export type Matrix = readonly Vector[];

const dot = (a: Vector, b: Vector): number => a.reduce((s, v, i) => s + v * b[i], 0);
const transposed = (m: Matrix): Matrix => m[0].map((_, j) => m.map((row) => row[j]));
const product = (a: Matrix, b: Matrix): Matrix => {
  const columns = transposed(b);
  return a.map((row) => columns.map((column) => dot(row, column)));
};
const scaled = (m: Matrix, by: number): Matrix => m.map((row) => row.map((v) => v * by));
const zeros = (n: number): Vector => Array<number>(n).fill(0);
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
const rowsOf = (v: Vector, width: number): Matrix =>
  Array.from({ length: v.length / width }, (_, i) => v.slice(i * width, (i + 1) * width));

/** (g~_X, g~_Y, log sigma^2, log delta~, log gamma) of an A x A image and an N x N grid. */
export interface Attention {
  readonly parameters: Vector;
  readonly A: number;
  readonly N: number;
}
/** Eqs. 19-26, for pixels and points counted from 1. */
export function filterBanks({ parameters, A, N }: Attention): {
  readonly FX: Matrix;
  readonly FY: Matrix;
  readonly gamma: number;
} {
  const [gX, gY, logVariance, logStride, logIntensity] = parameters;
  const delta = ((A - 1) / (N - 1)) * Math.exp(logStride);
  const bank = (g: number): Matrix => {
    const center = ((A + 1) / 2) * (g + 1);
    return Array.from({ length: N }, (_, k) => {
      const mu = center + (k + 1 - N / 2 - 0.5) * delta;
      const bells = Array.from({ length: A }, (_, j) =>
        Math.exp(-((j + 1 - mu) ** 2) / (2 * Math.exp(logVariance))),
      );
      const Z = bells.reduce((a, b) => a + b);
      return bells.map((b) => b / Z);
    });
  };
  return { FX: bank(gX), FY: bank(gY), gamma: Math.exp(logIntensity) };
}
/** Eq. 27, of one image. */
export function glimpse(image: Matrix, attention: Attention): Matrix {
  const { FX, FY, gamma } = filterBanks(attention);
  return scaled(product(product(FY, image), transposed(FX)), gamma);
}
/** Eq. 29. */
export function patchOnto(w: Matrix, attention: Attention): Matrix {
  const { FX, FY, gamma } = filterBanks(attention);
  return scaled(product(product(transposed(FY), w), FX), 1 / gamma);
}

export interface Options {
  readonly steps: number;
  readonly units: number;
  readonly latents: number;
  readonly size: number;
  /** Points of the windows, 0 for whole images. */
  readonly read: number;
  readonly write: number;
  /** Of the LSTMs, 0 or 1. */
  readonly peepholes: number;
  readonly learnsStart: number;
}
export interface Parameters {
  matrix(name: string): Matrix;
  vector(name: string): Vector;
}
export interface Steps {
  /** Logits, row by row. */
  readonly canvases: Matrix;
  readonly mu: Matrix;
  readonly logSigma: Matrix;
}

/** Eqs. 1-8 of one image, every z being its posterior's mean. */
export function inferred(
  image: Matrix,
  { matrix, vector }: Parameters,
  { steps, units, latents, size, read, write, peepholes, learnsStart }: Options,
): Steps {
  const linear = (name: string, x: Vector): Vector =>
    matrix(`${name}.w`).map((row, i) => dot(row, x) + vector(`${name}.b`)[i]);
  const lstm = (name: string, x: Vector, h: Vector, c: Vector): readonly [Vector, Vector] => {
    const [wih, whh, b] = [matrix(`${name}.wih`), matrix(`${name}.whh`), vector(`${name}.b`)];
    const gates = b.map((v, i) => v + dot(wih[i], x) + dot(whh[i], h));
    const [i, f, g, o] = [0, 1, 2, 3].map((k) => gates.slice(k * units, (k + 1) * units));
    const p = peepholes ? matrix(`${name}.p`) : Array.from({ length: 3 }, () => zeros(units));
    const next = c.map(
      (v, k) => sigmoid(f[k] + p[1][k] * v) * v + sigmoid(i[k] + p[0][k] * v) * Math.tanh(g[k]),
    );
    return [next.map((v, k) => sigmoid(o[k] + p[2][k] * v) * Math.tanh(v)), next];
  };
  let canvas = zeros(size * size);
  let [hEncoder, cEncoder, hDecoder, cDecoder] = ["encoder", "decoder"].flatMap((cell) =>
    ["h0", "c0"].map((name) => (learnsStart ? vector(`${cell}.${name}`) : zeros(units))),
  );
  const made: { canvases: Vector[]; mu: Vector[]; logSigma: Vector[] } = {
    ...{ canvases: [], mu: [], logSigma: [] },
  };
  for (let t = 0; t < steps; t++) {
    const error = rowsOf(
      image.flat().map((v, i) => v - sigmoid(canvas[i])),
      size,
    );
    const seen = read
      ? [image, error].flatMap((m) =>
          glimpse(m, { parameters: linear("reader", hDecoder), A: size, N: read }).flat(),
        )
      : [...image.flat(), ...error.flat()];
    [hEncoder, cEncoder] = lstm("encoder", [...seen, ...hDecoder], hEncoder, cEncoder);
    const code = linear("posterior", hEncoder);
    const mu = code.slice(0, latents);
    [hDecoder, cDecoder] = lstm("decoder", mu, hDecoder, cDecoder);
    const y = linear("writer", hDecoder);
    const stroke = write
      ? patchOnto(rowsOf(y.slice(5), write), { parameters: y.slice(0, 5), A: size, N: write })
      : rowsOf(y, size);
    canvas = canvas.map((v, i) => v + stroke.flat()[i]);
    made.canvases.push(canvas);
    made.mu.push(mu);
    made.logSigma.push(code.slice(latents));
  }
  return made;
}
