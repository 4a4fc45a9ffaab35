/** What a generative model of images is, whichever of them it is. */
import type { Node, Outputs, Scope } from "../../src/index.ts";

/**
 * A generative model of images x [batch, c, h, w] with values 0 to 1, as the experiments train and show it. Its functions
 * may each be traced alone: parameters have the same names in all of them, and `bound` has them all. All but `decode` draw
 * from the scope's key, in every mode.
 */
export interface GenerativeModel {
  /** [channels, height, width] */
  readonly image: readonly [number, number, number];
  /** The length of the (top) latent vector. */
  readonly latents: number;
  /** The negative variational bound: `loss`, its mean over the batch; `reconstruction` and `kl`, its two parts, [batch]. In nats. */
  bound(scope: Scope, x: Node): Bound;
  /** log p(x, z) - log q(z | x) of one z drawn for every example, [batch]: what importance-weighted estimates average. */
  logWeight(scope: Scope, x: Node): Node;
  /** The means of images [count, c, h, w] for latents drawn from the prior. */
  sample(scope: Scope, count: number): Node;
  /** What the model makes of x: the means of images for the latents that it finds most likely, in the shape of x. */
  reconstruct(scope: Scope, x: Node): Node;
  /** The means of images for latents given, of the top layer where there are several: [count, latents] -> [count, c, h, w]. */
  decode(scope: Scope, z: Node): Node;
}

export type Bound = Outputs & { readonly reconstruction: Node; readonly kl: Node };

/** The same, whether it can decode or not. */
export type Model = Omit<GenerativeModel, "decode"> & Partial<Pick<GenerativeModel, "decode">>;
