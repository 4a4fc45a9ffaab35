/**
 * A VAE for CIFAR-10 as the paper's section 5.2 describes it: residual units, several stochastic layers, a discretized
 * logistic likelihood. Laid out as the ResNet VAE of Kingma et al. 2016 (arXiv 1606.04934), without its inverse
 * autoregressive flow: features of x bottom-up, then latents top-down, in training and generation alike.
 */
import {
  conv2d,
  convTranspose2d,
  discretizedLogisticLogProb,
  gaussianLogProb,
  gaussianSample,
  klDivergence,
  ops,
  sequential,
  sizeOf,
  standardGaussian,
  type Gaussian,
  type Layer,
  type LayerOptions,
  type Node,
  type Scope,
} from "../../src/index.ts";
import type { GenerativeModel } from "../generative/model.ts";
import { block, down, elu, gaussian, up } from "./parts.ts";

const { add, clip, mean, mul, neg, reshape, sub } = ops;

export interface Cifar10VaeOptions {
  /** Feature maps of every layer. */
  readonly width?: number;
  /** Latent maps of every stochastic layer. */
  readonly maps?: number;
  /** Stochastic layers: the lowest at half the size of the image, each of the others at half the size of the one below. */
  readonly layers?: number;
  /** [channels, height, width], sizes divisible by 2^layers. */
  readonly image?: readonly [number, number, number];
}

/** A stochastic layer as it is reached from above. */
interface Level {
  /** 0 is the lowest. */
  readonly index: number;
  /** p(z | the z's above). */
  readonly prior: Gaussian;
  /** What the z's above say, [batch, width, h, w]; nothing at the top. */
  readonly context: Node | undefined;
  readonly scope: Scope;
}

export function cifar10Vae({
  width = 32,
  maps = 8,
  layers = 3,
  image = [3, 32, 32],
}: Cifar10VaeOptions = {}): GenerativeModel {
  const [channels, ...size] = image;
  if (size.some((n) => n % 2 ** layers !== 0))
    throw new Error(
      `cifar10Vae: ${layers} stochastic layers halve images ${layers} times, got [${image}]; use fewer, or sizes divisible by ${2 ** layers}`,
    );
  const shapeAt = (index: number): readonly number[] => [
    maps,
    ...size.map((n) => n / 2 ** (index + 1)),
  ];
  const top = layers - 1;

  const window = { kernel: 5, pads: 2, strides: 2 };
  const stem = conv2d(width, window);
  /** The means of pixels, starting close to grey. */
  const head = sequential(
    elu,
    convTranspose2d(channels, { ...window, outputPadding: 1, initScale: 0.1 }),
  );
  const toLatents = (options: LayerOptions): Layer =>
    sequential(elu, conv2d(maps, { kernel: 3, pads: 1, ...options }));
  const gaussianOf = gaussian(toLatents);

  /** What every level sees of x, the lowest first: [batch, width, h, w]. */
  function features(scope: Scope, x: Node): readonly Node[] {
    const inner = scope.child("encoder", "encoder");
    const found = [block(width)(inner, stem(inner, mul(sub(x, MEAN), 1 / STD)))];
    while (found.length < layers)
      found.push(sequential(down(width), block(width))(inner, found.at(-1)!));
    return found;
  }

  /** q(z | x, the z's above), told by its distance from the prior, so that what x does not say costs no divergence. */
  function posterior({ prior, context, scope }: Level, seen: Node): Gaussian {
    const inner = scope.child("posterior", "posterior");
    const shift = gaussianOf(inner, context ? add(context, seen) : seen);
    return {
      mu: add(prior.mu, shift.mu),
      logVariance: add(prior.logVariance, shift.logVariance),
    };
  }

  /** The means of p(x | z), [count, c, h, w], every level's z being what `choose` makes of it. */
  function generate(scope: Scope, count: number, choose: (level: Level) => Node): Node {
    const decoder = scope.child("decoder", "decoder");
    let context: Node | undefined;
    for (let index = top; index >= 0; index--) {
      const inner = decoder.child("level", `level${index + 1}`);
      const above: Node | undefined = context && up(width)(inner, context);
      const prior = above
        ? gaussianOf(inner.child("prior", "prior"), above)
        : standardGaussian([count, ...shapeAt(index)]);
      const z = choose({ index, prior, context: above, scope: inner });
      const told = conv2d(width, { kernel: 3, pads: 1, name: "z" })(inner, z);
      context = block(width)(inner, above ? add(above, told) : told);
    }
    return add(mul(head(decoder, context!), STD), MEAN);
  }

  /** log p(x | z), [batch], the pixels' scale being one learned number a channel. */
  function logLikelihood(scope: Scope, means: Node, x: Node): Node {
    const logScale = scope.child("pixels", "pixels").parameter("logScale", [1, channels, 1, 1], {
      init: { kind: "constant", value: LOG_SCALE },
    });
    return discretizedLogisticLogProb(means, logScale, x);
  }

  /** Both bounds: log p(x | z), and the sum over levels of `term(q, p, z)`, z drawn from q. */
  function drawn(
    scope: Scope,
    x: Node,
    term: (q: Gaussian, p: Gaussian, z: Node) => Node,
  ): { readonly logLikelihood: Node; readonly total: Node } {
    const seen = features(scope, x);
    const terms: Node[] = [];
    const means = generate(scope, x.shape[0], (level) => {
      const q = posterior(level, seen[level.index]);
      const z = gaussianSample(scope, q.mu, q.logVariance);
      terms.push(term(q, level.prior, z));
      return z;
    });
    return {
      logLikelihood: logLikelihood(scope, means, x),
      total: terms.reduce((a, b) => add(a, b)),
    };
  }
  const shown = (means: Node): Node => clip(means, 0, 1);

  return {
    image,
    latents: sizeOf(shapeAt(top)),
    bound(scope, x) {
      const { logLikelihood, total: kl } = drawn(scope, x, klDivergence);
      const reconstruction = neg(logLikelihood);
      return { loss: mean(add(reconstruction, kl)), reconstruction, kl };
    },
    logWeight(scope, x) {
      const { logLikelihood, total } = drawn(scope, x, (q, p, z) =>
        sub(gaussianLogProb(z, p.mu, p.logVariance), gaussianLogProb(z, q.mu, q.logVariance)),
      );
      return add(logLikelihood, total);
    },
    sample: (scope, count) =>
      shown(generate(scope, count, ({ prior: p }) => gaussianSample(scope, p.mu, p.logVariance))),
    reconstruct(scope, x) {
      const seen = features(scope, x);
      return shown(generate(scope, x.shape[0], (l) => posterior(l, seen[l.index]).mu));
    },
    decode: (scope, z) =>
      shown(
        generate(scope, z.shape[0], ({ index, prior }) =>
          index === top ? reshape(z, prior.mu.shape) : prior.mu,
        ),
      ),
  };
}

/** Roughly those of CIFAR-10's pixels. */
const [MEAN, STD] = [0.5, 0.25];
/** Where the pixels' scale starts: 1/20 of their range, between what the first steps and the last ones need. */
const LOG_SCALE = -3;
