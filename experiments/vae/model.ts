/** The VAE of the paper's section 5.2 for MNIST: residual networks, a Gaussian latent vector, black and white pixels. */
import {
  apply,
  bernoulliLogProb,
  binarize,
  conv2d,
  dense,
  gaussianLogProb,
  gaussianSample,
  klDivergence,
  ops,
  sequential,
  standardGaussian,
  standardNormal,
  type Gaussian,
  type Node,
  type Scope,
} from "../../src/index.ts";
import type { GenerativeModel } from "../generative/model.ts";
import { block, down, elu, gaussian, up } from "./parts.ts";

const { add, flatten, mean, neg, reshape, sigmoid, sub } = ops;

export interface VaeOptions {
  /** Feature maps at full size; there are twice as many at half and at a quarter of it (the paper: 16). */
  readonly width?: number;
  /** Units of the fully connected layers (the paper: 450). */
  readonly hidden?: number;
  /** Length of the latent vector (the paper does not say). */
  readonly latents?: number;
  /** [channels, height, width], sizes divisible by 4. */
  readonly image?: readonly [number, number, number];
}

export function vae({
  width = 16,
  hidden = 450,
  latents = 32,
  image = [1, 28, 28],
}: VaeOptions = {}): GenerativeModel {
  const [channels, height, breadth] = image;
  if (height % 4 !== 0 || breadth % 4 !== 0)
    throw new Error(
      `vae: images are halved twice, got [${image}]; use sizes divisible by 4, padding if need be`,
    );
  const wide = 2 * width;
  const [rows, columns] = [height / 4, breadth / 4];
  const conv = (units: number, initScale = 1): ReturnType<typeof conv2d> =>
    conv2d(units, { kernel: 3, pads: 1, initScale });

  const encoder = sequential(
    conv(width),
    ...[block(width), block(width), down(wide)],
    ...[block(wide), block(wide), down(wide)],
    ...[block(wide), block(wide), elu],
    apply(flatten),
    dense(hidden),
    elu,
  );
  const decoder = sequential(
    ...[dense(hidden), elu, dense(wide * rows * columns)],
    apply((h) => reshape(h, [-1, wide, rows, columns])),
    ...[block(wide), block(wide), up(wide)],
    ...[block(wide), block(wide), up(width)],
    ...[block(width), block(width), elu],
    conv(channels, 0.1), // logits: every pixel starts near p = 1/2, none of them confidently wrong
  );
  const posterior = gaussian((options) => dense(latents, options));

  /** q(z | x) for x black or white. */
  const encode = (scope: Scope, x: Node): Gaussian => {
    const inner = scope.child("encoder", "encoder");
    return posterior(inner, encoder(inner, x));
  };
  /** The logits of p(x | z). */
  const logits = (scope: Scope, z: Node): Node => decoder(scope.child("decoder", "decoder"), z);

  /** What both bounds are made of: q, one z drawn from it, and log p(x | z). */
  function drawn(scope: Scope, x: Node): { q: Gaussian; z: Node; logLikelihood: Node } {
    const pixels = binarize(scope, x);
    const q = encode(scope, pixels);
    const z = gaussianSample(scope, q.mu, q.logVariance);
    return { q, z, logLikelihood: bernoulliLogProb(logits(scope, z), pixels) };
  }

  return {
    image,
    latents,
    bound(scope, x) {
      const { q, logLikelihood } = drawn(scope, x);
      const kl = klDivergence(q, standardGaussian(q.mu.shape));
      const reconstruction = neg(logLikelihood);
      return { loss: mean(add(reconstruction, kl)), reconstruction, kl };
    },
    logWeight(scope, x) {
      const { q, z, logLikelihood } = drawn(scope, x);
      const p = standardGaussian(z.shape);
      const logPrior = gaussianLogProb(z, p.mu, p.logVariance);
      return add(logLikelihood, sub(logPrior, gaussianLogProb(z, q.mu, q.logVariance)));
    },
    sample: (scope, count) => sigmoid(logits(scope, standardNormal(scope, [count, latents]))),
    reconstruct: (scope, x) => sigmoid(logits(scope, encode(scope, binarize(scope, x)).mu)),
    decode: (scope, z) => sigmoid(logits(scope, z)),
  };
}
