/** What the averages of Adam and its relatives, which begin at zero, are divided by to be averages of what came. */
import {
  add,
  div,
  minimum,
  mul,
  sub,
  type Node,
  type Parameter,
  type Update,
} from "../graph/index.ts";
import { stateful, type Rate } from "./optimizer.ts";

/** Odds that no float32 tells from certainty; those of small betas would leave float32 soon. */
const MOST = 1e30;
const PART = ".odds.";

export interface Correction {
  /** 1 - beta^t at step t, or 1 less the product of all betas so far where they change. */
  readonly by: Node;
  /** The update that keeps it. */
  readonly update: Update;
}
/**
 * The correction of an `optimizer` for one beta. Kept are its odds, q = (1 - beta^t) / beta^t, by q' = q + (1 + q) (1 - beta) / beta: sums
 * of positive numbers, in which nothing cancels and nothing comes to a halt. In float32 the correction is right to 1e-6 at every step
 * for beta up to 0.9999, where a sum of 1 - beta and 1 - pow(beta, t) are wrong by 2e-4; and powers are what devices compute loosely.
 * Optimizers of one kind and beta share it; `owner` names that of a beta that is computed.
 */
export function correction(optimizer: string, beta: Rate, owner: string): Correction {
  const odds = stateful(`${optimizer}${PART}${called(beta, owner)}`);
  const gain = typeof beta === "number" ? gainOf(beta) : div(sub(1, beta), beta);
  const next = minimum(add(odds, mul(add(1, odds), gain)), MOST);
  return { by: div(next, add(1, next)), update: { parameter: odds, next } };
}
/** What a computed beta of an optimizer of these parameters is called by. */
export const ownerOf = (parameters: readonly Parameter[]): string =>
  parameters.at(0)?.attrs.name ?? "nothing";
const called = (beta: Rate, owner: string): string => {
  if (typeof beta === "number") return String(beta);
  return beta.op === "input" ? beta.attrs.name : owner;
};
const gainOf = (beta: number): number => Math.min((1 - beta) / beta, MOST);

/** Of the name of odds whose they are, and the beta that they are of: a number, or what a beta is called that is fed. */
export function oddsOf(
  name: string,
): { readonly optimizer: string; readonly beta: number | string } | undefined {
  const at = name.indexOf(PART);
  if (at < 0) return undefined;
  const beta = name.slice(at + PART.length);
  return {
    optimizer: name.slice(0, at),
    beta: Number.isFinite(Number(beta)) ? Number(beta) : beta,
  };
}

/** The odds after so many steps, to the bit as a program that rounds by `round` keeps them; a beta that is fed is that of a step from 0. */
export function oddsAfter(
  steps: number,
  beta: number | ((step: number) => number),
  round: (x: number) => number,
): number {
  const fed = (x: number): number => round(round(1 - round(x)) / round(x));
  const most = round(MOST);
  const constant = typeof beta === "number" ? round(gainOf(beta)) : 0;
  let odds = 0;
  for (let step = 0; step < steps; step++) {
    const gain = typeof beta === "number" ? constant : fed(beta(step));
    const next = Math.min(round(odds + round(round(1 + odds) * gain)), most);
    if (next === odds && (typeof beta === "number" || next === most)) break; // a beta that is fed may change again
    odds = next;
  }
  return odds;
}
