/** Adam's moments, and the step that they make: Adam itself, and what is made of it, differ in what they do with that step. */
import {
  add,
  div,
  mul,
  pow,
  sqrt,
  square,
  sub,
  type Node,
  type OptionNames,
  type Parameter,
  type Update,
} from "../graph/index.ts";
import { slot, stateful, type Rate } from "./optimizer.ts";

/** Options of {@link adam}. */
export interface AdamOptions {
  readonly lr?: Rate;
  readonly beta1?: Rate;
  readonly beta2?: Rate;
  readonly epsilon?: number;
  /** Of the corrected moments, `outside`: m / (sqrt(v) + epsilon), as in the paper of Adam; `inside`: m / sqrt(v + epsilon), as in the code of weight normalization's authors. */
  readonly epsilonWhere?: "outside" | "inside";
}

export const adamNames: OptionNames<AdamOptions> = {
  lr: "optional",
  beta1: "optional",
  beta2: "optional",
  epsilon: "optional",
  epsilonWhere: "optional",
};

/** beta * old + (1 - beta) * now */
export const blend = (beta: Rate, old: Node, now: Node): Node => add(now, mul(beta, sub(old, now)));

/** The number of the step, from 1, and the update that counts it. */
export function stepCounter(optimizer: string): { readonly t: Node; readonly update: Update } {
  const steps = stateful(`${optimizer}.step`);
  const t = add(steps, 1);
  return { t, update: { parameter: steps, next: t } };
}

export interface AdamSteps {
  /** The update that counts the steps. */
  readonly counted: Update;
  /** Of one parameter: what Adam would subtract from it, and the updates of its moments. */
  of(p: Parameter, gradient: Node): { readonly step: Node; readonly moments: readonly Update[] };
}
/** The steps of Adam (Kingma & Ba 2015, algorithm 1), with the state of an `optimizer` of that name. */
export function adamSteps(
  optimizer: string,
  { lr = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, epsilonWhere = "outside" }: AdamOptions,
): AdamSteps {
  const { t, update } = stepCounter(optimizer);
  const correction2 = sub(1, pow(beta2, t));
  const rate = mul(lr, div(sqrt(correction2), sub(1, pow(beta1, t))));
  // v is not corrected itself: scaled likewise, epsilon stands beside what it would be corrected.
  const small = mul(epsilonWhere === "inside" ? correction2 : sqrt(correction2), epsilon);
  return {
    counted: update,
    of: (p, g) => {
      const [m, v] = [slot(p, optimizer, "m"), slot(p, optimizer, "v")];
      const [m2, v2] = [blend(beta1, m, g), blend(beta2, v, square(g))];
      const scale = epsilonWhere === "inside" ? sqrt(add(v2, small)) : add(sqrt(v2), small);
      return {
        step: mul(rate, div(m2, scale)),
        moments: [
          { parameter: m, next: m2 },
          { parameter: v, next: v2 },
        ],
      };
    },
  };
}
