/**
 * DRAW on black-and-white images (Gregor et al. 2015, arXiv 1502.04623): an encoder and a decoder, both LSTMs, change a
 * canvas step by step. Sizes are those of jbornschein/draw, which the paper of weight normalization used.
 */
import {
  bernoulliLogProb,
  binarize,
  gaussianLogProb,
  klDivergence,
  ops,
  standardGaussian,
  type Node,
  type Scope,
} from "../../src/index.ts";
import type { GenerativeModel } from "../generative/model.ts";
import {
  defaults,
  generate,
  infer,
  type DrawOptions,
  type Inference,
  type Strokes,
} from "./recurrence.ts";

export type { DrawOptions } from "./recurrence.ts";

const { add, concat, expandDims, mean, neg, reshape, sigmoid, sub } = ops;

/** How an image comes about: means and windows after every step. */
export interface Drawing {
  /** sigmoid(c_t), [steps, batch, 1, size, size]. */
  readonly canvases: Node;
  /** (g_X, g_Y, delta, sigma) in pixels, [steps, batch, 4]; none where images are taken whole. */
  readonly writes?: Node;
  readonly reads?: Node;
}

/** Images x are [batch, 1, size, size], made black and white anew from the scope's key; all latents are one vector. */
export interface DrawModel extends Omit<GenerativeModel, "decode"> {
  /** `sample`, step by step. */
  steps(scope: Scope, count: number): Drawing;
  /** `reconstruct`, step by step. */
  stepsOf(scope: Scope, x: Node): Drawing;
}

export function draw(options: DrawOptions = {}): DrawModel {
  const full = { ...defaults, ...options };
  const { steps, latents, size } = full;
  const inferred = (
    scope: Scope,
    x: Node,
    { likeliest = false }: { readonly likeliest?: boolean } = {},
  ): Inference & { readonly x: Node } => {
    const binary = reshape(binarize(scope, x), [x.shape[0], size, size]);
    return { x: binary, ...infer(scope, binary, { ...full, likeliest }) };
  };
  const last = ({ canvases }: Strokes): Node => canvases[steps - 1];

  return {
    image: [1, size, size],
    latents: steps * latents,
    bound(scope, input) {
      const { x, z, posterior, ...strokes } = inferred(scope, input);
      const reconstruction = neg(bernoulliLogProb(last(strokes), x));
      const kl = klDivergence(posterior, standardGaussian(z.shape));
      return { loss: mean(add(reconstruction, kl)), reconstruction, kl };
    },
    logWeight(scope, input) {
      const { x, z, posterior, ...strokes } = inferred(scope, input);
      const logProb = ({ mu, logVariance }: typeof posterior): Node =>
        gaussianLogProb(z, mu, logVariance);
      const ratio = sub(logProb(standardGaussian(z.shape)), logProb(posterior));
      return add(bernoulliLogProb(last(strokes), x), ratio);
    },
    sample: (scope, count) => meanOf(last(generate(scope, count, full))),
    reconstruct: (scope, x) => meanOf(last(inferred(scope, x, { likeliest: true }))),
    steps: (scope, count) => drawing(generate(scope, count, full)),
    stepsOf: (scope, x) => drawing(inferred(scope, x, { likeliest: true })),
  };
}

/** Logits [batch, size, size] -> means [batch, 1, size, size]. */
const meanOf = (canvas: Node): Node => expandDims(sigmoid(canvas), 1);

const drawing = ({ canvases, writes, reads }: Strokes): Drawing => ({
  canvases: stack(canvases.map(meanOf)),
  ...(writes.length > 0 ? { writes: stack(writes) } : {}),
  ...(reads.length > 0 ? { reads: stack(reads) } : {}),
});
const stack = (xs: readonly Node[]): Node =>
  concat(
    xs.map((x) => expandDims(x, 0)),
    0,
  );
