/** Adam's moments, and the step that they make: Adam itself, and what is made of it, differ in what they do with that step. */
import {
  add,
  div,
  mul,
  sqrt,
  square,
  sub,
  type Node,
  type OptionNames,
  type Parameter,
  type Update,
} from "../graph/index.ts";
import { correction, ownerOf } from "./correction.ts";
import { slot, type Rate } from "./optimizer.ts";

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

/** beta * old + (1 - beta) * now, in which beta is written exactly. */
export const blend = (beta: Rate, old: Node, now: Node): Node => add(now, mul(beta, sub(old, now)));

/** The same with the smaller of beta and 1 - beta written exactly: float32 holds 1 - 0.999 to 1e-5 only, once 0.999 is rounded. */
export const average = (beta: Rate, old: Node, now: Node): Node =>
  typeof beta === "number" && beta > 0.5
    ? add(old, mul(sub(now, old), 1 - beta))
    : blend(beta, old, now);

export interface AdamSteps {
  /** What keeps the corrections of the moments. */
  readonly corrections: readonly Update[];
  /** Of one parameter: what Adam would subtract from it, and the updates of its moments. */
  of(p: Parameter, gradient: Node): { readonly step: Node; readonly moments: readonly Update[] };
}
/** The steps of Adam (Kingma & Ba 2015, algorithm 1) for some parameters, with the state of an `optimizer` of that name. */
export function adamSteps(
  optimizer: string,
  parameters: readonly Parameter[],
  { lr = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, epsilonWhere = "outside" }: AdamOptions,
): AdamSteps {
  const [first, second] = [beta1, beta2].map((beta, i) =>
    correction(optimizer, beta, `${ownerOf(parameters)}.${i + 1}`),
  );
  const correction2 = second.by;
  const rate = mul(lr, div(sqrt(correction2), first.by));
  // v is not corrected itself: scaled likewise, epsilon stands beside what it would be corrected.
  const small = mul(epsilonWhere === "inside" ? correction2 : sqrt(correction2), epsilon);
  return {
    corrections: beta1 === beta2 ? [first.update] : [first.update, second.update],
    of: (p, g) => {
      const [m, v] = [slot(p, optimizer, "m"), slot(p, optimizer, "v")];
      const [m2, v2] = [average(beta1, m, g), average(beta2, v, square(g))];
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
