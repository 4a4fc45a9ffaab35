/** Exponential moving averages of parameters, for evaluation. */
import { add, mul, parameter, sub, type Update } from "../graph/index.ts";
import { isOptimizerState, type Rate } from "./optimizer.ts";

const shadowOf = (name: string): string => `average.${name}`;

/**
 * Updates that keep an average beside everything of the model that `updates` change, running statistics included, which
 * belong to the weights they were taken with: average' = decay average + (1 - decay) p'. Averages start at the first values:
 * call `startAverages` after data-dependent initialization.
 */
export const movingAverage = (updates: readonly Update[], decay: Rate): readonly Update[] =>
  updates
    .filter(({ parameter: p }) => !isOptimizerState(p.attrs.name))
    .map(({ parameter: p, next }) => {
      const shadow = parameter(shadowOf(p.attrs.name), p.shape, {
        init: { kind: "copy", of: p.attrs.name },
        trainable: false,
      });
      return { parameter: shadow, next: add(next, mul(decay, sub(shadow, next))) };
    });

/** `state` with every parameter that has an average replaced by it: what to evaluate with. */
export const averaged = <T>(state: ReadonlyMap<string, T>): Map<string, T> =>
  new Map([...state].map(([name, value]) => [name, state.get(shadowOf(name)) ?? value]));

/** Sets every average in `state` to its parameter: to be done once, when data-dependent initialization has changed those. */
export function startAverages<T>(state: Map<string, T>): void {
  for (const [name, value] of state)
    if (state.has(shadowOf(name))) state.set(shadowOf(name), value);
}
