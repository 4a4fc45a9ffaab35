/** Optimizers whose weight decay is their own: a step toward zero beside the step of the gradient, not a part of it. */
import {
  add,
  greater,
  mul,
  norm,
  optionsOf,
  safeReciprocal,
  select,
  sign,
  sub,
  type Node,
  type Parameter,
} from "../graph/index.ts";
import { isWeight } from "./gradients.ts";
import { adamNames, adamSteps, blend, type AdamOptions } from "./moments.ts";
import { each, slot, type Optimizer, type Rate } from "./optimizer.ts";

/** A weight decay beside the gradient's step. */
export interface DecayOptions {
  /** The share of a weight that a step of rate 1 takes away. */
  readonly weightDecay?: Rate;
  /** Which parameters decay, by name: weights alone (v or w) unless given. */
  readonly match?: (name: string) => boolean;
}
/** p without what a step at rate `lr` takes away. */
const shrunk = (p: Parameter, lr: Rate, { weightDecay, match }: Required<DecayOptions>): Node =>
  weightDecay !== 0 && match(p.attrs.name) ? mul(p, sub(1, mul(lr, weightDecay))) : p;

const decayNames = { weightDecay: "optional", match: "optional" } as const;

/** Options of {@link adamW}. */
export interface AdamWOptions extends AdamOptions, DecayOptions {}
const knownOfAdamW = optionsOf<AdamWOptions>("adamW", { ...adamNames, ...decayNames });
/**
 * AdamW (Loshchilov & Hutter 2019), as in PyTorch: p (1 - lr weightDecay) less the step of Adam; the decay is 0.01 unless given.
 * Under weight normalization w does not depend on |v|: the decay of v only keeps |v|, and with it the effective step
 * lr / |v|^2, from drifting; what makes w smaller is a decay of g, for which `match` asks.
 */
export const adamW = (options: AdamWOptions = {}): Optimizer => {
  const { lr = 1e-3, weightDecay = 0.01, match = isWeight, ...rest } = knownOfAdamW(options);
  return (parameters, gradients) => {
    const adams = adamSteps("adamw", parameters, { lr, ...rest });
    const rule = each((p, g) => {
      const { step, moments } = adams.of(p, g);
      const next = sub(shrunk(p, lr, { weightDecay, match }), step);
      return [{ parameter: p, next }, ...moments];
    });
    return [...adams.corrections, ...rule(parameters, gradients)];
  };
};

/** Options of {@link lion}. */
export interface LionOptions extends DecayOptions {
  readonly lr?: Rate;
  /** The share of the momentum in the direction whose sign is the step. */
  readonly beta1?: Rate;
  /** The share of the old momentum in the new. */
  readonly beta2?: Rate;
}
const knownOfLion = optionsOf<LionOptions>("lion", {
  ...decayNames,
  lr: "optional",
  beta1: "optional",
  beta2: "optional",
});
/**
 * Lion (Chen et al. 2023, algorithm 2): p (1 - lr weightDecay) - lr sign(beta1 m + (1 - beta1) g), m' = beta2 m + (1 - beta2) g.
 * Every element moves by lr, so it wants a rate 3 to 10 times smaller than Adam's.
 */
export function lion(options: LionOptions = {}): Optimizer {
  const { lr = 1e-4, beta1 = 0.9, beta2 = 0.99 } = knownOfLion(options);
  const { weightDecay = 0, match = isWeight } = options;
  return each((p, g) => {
    const m = slot(p, "lion", "m");
    const step = mul(lr, sign(blend(beta1, m, g)));
    return [
      { parameter: p, next: sub(shrunk(p, lr, { weightDecay, match }), step) },
      { parameter: m, next: blend(beta2, m, g) },
    ];
  });
}

/** Options of {@link lamb}. */
export interface LambOptions extends Omit<AdamOptions, "epsilonWhere">, DecayOptions {}
const { epsilonWhere: _, ...betaNames } = adamNames;
const knownOfLamb = optionsOf<LambOptions>("lamb", { ...betaNames, ...decayNames });
/**
 * LAMB (You et al. 2020, algorithm 2): p - lr |p| / |u| u, u the step of Adam at rate 1 plus weightDecay p (0.01 unless
 * given). The ratio is taken of every parameter tensor as a whole, and is 1 where |p| or |u| is 0.
 */
export const lamb = (options: LambOptions = {}): Optimizer => {
  const { lr = 1e-3, epsilon = 1e-6, ...others } = knownOfLamb(options);
  const { weightDecay = 0.01, match = isWeight, ...betas } = others;
  return (parameters, gradients) => {
    const adams = adamSteps("lamb", parameters, { lr: 1, epsilon, ...betas });
    const rule = each((p, g) => {
      const { step, moments } = adams.of(p, g);
      const u = match(p.attrs.name) ? add(step, mul(p, weightDecay)) : step;
      const ratio = mul(norm(p), safeReciprocal(norm(u)));
      const trust = select(greater(ratio, 0), ratio, 1);
      return [{ parameter: p, next: sub(p, mul(mul(lr, trust), u)) }, ...moments];
    });
    return [...adams.corrections, ...rule(parameters, gradients)];
  };
};
