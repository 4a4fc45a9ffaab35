/** The parameters of the best test so far, kept beside the last ones under names of their own. */
import { isOptimizerState, read, type State } from "../../src/index.ts";
import type { Measure } from "../sheet.ts";

const PREFIX = "best.";

/** Which test was the best. */
export interface BestTest {
  readonly epoch: number;
  readonly value: number;
}

/** Whether `value` is better than that of the best test so far; patience counts from the first of equals. */
export const isBetter = (
  { better }: Pick<Measure, "better">,
  value: number,
  best: BestTest | undefined,
): boolean => best === undefined || (better === "lower" ? value < best.value : value > best.value);

/** The parameters of a state as they are now, whatever becomes of it: to be kept. */
export const parametersIn = (state: State): Promise<State> =>
  read(
    state,
    [...state.keys()].filter((name) => !isOptimizerState(name)),
  );

/** `state` with the parameters of `best` beside its own: what checkpoints hold. */
export const withBest = (state: State, best: State | undefined): State =>
  new Map([...state, ...[...(best ?? [])].map(([name, x]) => [PREFIX + name, x] as const)]);

/** The last state alone, and the best one, if it was kept. */
export function parted(saved: State): { readonly last: State; readonly best: State | undefined } {
  const [last, best]: readonly State[] = [new Map(), new Map()];
  for (const [name, x] of saved)
    if (name.startsWith(PREFIX)) best.set(name.slice(PREFIX.length), x);
    else last.set(name, x);
  return { last, best: best.size > 0 ? best : undefined };
}
