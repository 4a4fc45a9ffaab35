/** Exponential moving averages of parameters, for evaluation. */
import {
  add,
  equal,
  isOptimizerState,
  mul,
  parameter,
  select,
  sub,
  type Update,
} from "../graph/index.ts";
import type { Rate } from "./optimizer.ts";

const shadowOf = (name: string): string => `average.${name}`;

/**
 * Updates that keep an average beside everything of the model that `updates` change, running statistics included, which
 * belong to the weights they were taken with: average' = decay average + (1 - decay) p'. An average that has no value yet, which is
 * NaN, starts as its parameter was before the step.
 */
export const movingAverage = (updates: readonly Update[], decay: Rate): readonly Update[] =>
  updates
    .filter(({ parameter: p }) => !isOptimizerState(p.attrs.name))
    .map(({ parameter: p, next }) => {
      const shadow = parameter(shadowOf(p.attrs.name), p.shape, {
        init: { kind: "constant", value: NaN },
        trainable: false,
      });
      const old = select(equal(shadow, shadow), shadow, p);
      return { parameter: shadow, next: add(next, mul(decay, sub(old, next))) };
    });

interface Values {
  readonly data: ArrayLike<number>;
  /** Where a step left it. */
  readonly place?: unknown;
}
/**
 * `state` with every parameter that has an average replaced by it: what to evaluate with. Before the first step none has. Values
 * are handed on as they are, so of those in a place it is good until the next step; `read` it to keep it.
 */
export const averaged = <T extends Values>(state: ReadonlyMap<string, T>): Map<string, T> =>
  new Map(
    [...state].map(([name, value]) => {
      const average = state.get(shadowOf(name));
      return [name, average && !isNotBegun(average) ? average : value];
    }),
  );
/** What lies in a place was left there by a step, and with a step an average begins. */
const isNotBegun = (x: Values): boolean => x.place === undefined && Number.isNaN(x.data[0]);

/**
 * Sets every average in `state` to its parameter, as the first step would, e.g. to begin anew. The two share one value, which must
 * be on the host: after steps give it `await read(state)`.
 */
export function startAverages<T extends object>(state: Map<string, T>): void {
  for (const [name, value] of state) {
    if (!state.has(shadowOf(name))) continue;
    if ((value as Partial<Values>).place !== undefined)
      throw new Error(
        `startAverages: "${name}" must lie on the host, got a value that the next step replaces; pass await read(state)`,
      );
    state.set(shadowOf(name), value);
  }
}
