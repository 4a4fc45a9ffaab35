/** The update rules themselves. Every rate may be a number or a node. */
import { abs, add, div, maximum, mul, optionsOf, sqrt, square, sub } from "../graph/index.ts";
import { correction, ownerOf } from "./correction.ts";
import { adamNames, adamSteps, average, blend, type AdamOptions } from "./moments.ts";
import { each, slot, type Optimizer, type Rate } from "./optimizer.ts";

/** Options of {@link sgd}. */
export interface SgdOptions {
  readonly lr: Rate;
  readonly momentum?: Rate;
  readonly nesterov?: boolean;
}
const knownOfSgd = optionsOf<SgdOptions>("sgd", {
  lr: "required",
  momentum: "optional",
  nesterov: "optional",
});
/** p - lr g, or with momentum: u' = momentum u + g, p - lr u' (Nesterov: p - lr (g + momentum u')). */
export function sgd(options: SgdOptions): Optimizer {
  const { lr, momentum, nesterov = false } = knownOfSgd(options);
  if (nesterov && momentum === undefined)
    throw new Error("sgd: nesterov needs a momentum, got none; pass e.g. momentum: 0.9");
  return each((p, g) => {
    if (momentum === undefined) return [{ parameter: p, next: sub(p, mul(lr, g)) }];
    const u = slot(p, "sgd", "momentum");
    const next = add(mul(momentum, u), g);
    const direction = nesterov ? add(g, mul(momentum, next)) : next;
    return [
      { parameter: p, next: sub(p, mul(lr, direction)) },
      { parameter: u, next },
    ];
  });
}

const knownOfAdam = optionsOf<AdamOptions>("adam", adamNames);
/** Adam (Kingma & Ba 2015, algorithm 1). Its correction for the zero start is exact, for a beta that changes too. */
export function adam(options: AdamOptions = {}): Optimizer {
  knownOfAdam(options);
  return (parameters, gradients) => {
    const adams = adamSteps("adam", parameters, options);
    const rule = each((p, g) => {
      const { step, moments } = adams.of(p, g);
      return [{ parameter: p, next: sub(p, step) }, ...moments];
    });
    return [...adams.corrections, ...rule(parameters, gradients)];
  };
}

/** Options of {@link adamax}. */
export interface AdamaxOptions {
  readonly lr?: Rate;
  readonly beta1?: Rate;
  readonly beta2?: Rate;
  readonly epsilon?: number;
}
const knownOfAdamax = optionsOf<AdamaxOptions>("adamax", {
  lr: "optional",
  beta1: "optional",
  beta2: "optional",
  epsilon: "optional",
});
/** Adamax (Kingma & Ba 2015, algorithm 2): u' = max(beta2 u, |g|), p - lr / (1 - beta1^t) m / u'. */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  const { lr = 2e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = knownOfAdamax(options);
  return (parameters, gradients) => {
    const { by, update } = correction("adamax", beta1, ownerOf(parameters));
    const rate = div(lr, by);
    const rule = each((p, g) => {
      const [m, u] = [slot(p, "adamax", "m"), slot(p, "adamax", "u")];
      const m2 = average(beta1, m, g);
      const u2 = maximum(mul(beta2, u), add(abs(g), epsilon));
      return [
        { parameter: p, next: sub(p, mul(rate, div(m2, u2))) },
        { parameter: m, next: m2 },
        { parameter: u, next: u2 },
      ];
    });
    return [update, ...rule(parameters, gradients)];
  };
}

/** Options of {@link rmsprop}. */
export interface RmspropOptions {
  readonly lr?: Rate;
  /** The share of the old value in the running averages. */
  readonly decay?: Rate;
  readonly momentum?: Rate;
  readonly epsilon?: number;
  /** Added to the variance, `inside` the root, or `outside` it, to the standard deviation, as in PyTorch (default inside). */
  readonly epsilonWhere?: "outside" | "inside";
  /** Divide by the standard deviation of gradients, not their root mean square (Graves 2013; the Nature DQN). */
  readonly centred?: boolean;
}
const knownOfRmsprop = optionsOf<RmspropOptions>("rmsprop", {
  lr: "optional",
  decay: "optional",
  momentum: "optional",
  epsilon: "optional",
  epsilonWhere: "optional",
  centred: "optional",
});
/** RMSProp (Tieleman & Hinton 2012). */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const {
    lr = 1e-3,
    decay = 0.9,
    momentum,
    epsilon = 1e-8,
    epsilonWhere = "inside",
    centred = false,
  } = knownOfRmsprop(options);
  return each((p, g) => {
    const average = slot(p, "rmsprop", "mean");
    const spread = slot(p, "rmsprop", centred ? "variance" : "square");
    const buffer = slot(p, "rmsprop", "momentum");
    // The variance of an exponential average from the one before, without the difference of two squares:
    // s' - m'^2 = decay (s - m^2 + (1 - decay) (g - m)^2).
    const distance = sub(g, average);
    const part = mul(distance, sub(1, decay));
    const nextSpread = centred
      ? mul(decay, add(spread, mul(part, distance)))
      : blend(decay, spread, square(g));
    const scale =
      epsilonWhere === "inside" ? sqrt(add(nextSpread, epsilon)) : add(sqrt(nextSpread), epsilon);
    const step = mul(lr, div(g, scale));
    const moved = momentum === undefined ? step : add(mul(momentum, buffer), step);
    return [
      { parameter: p, next: sub(p, moved) },
      { parameter: spread, next: nextSpread },
      ...(centred ? [{ parameter: average, next: add(average, part) }] : []),
      ...(momentum === undefined ? [] : [{ parameter: buffer, next: moved }]),
    ];
  });
}
