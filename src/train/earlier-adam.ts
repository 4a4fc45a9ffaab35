/** Checkpoints of versions in which Adam counted its steps and took a power of that. */
import type { Parameter } from "../graph/index.ts";
import { oddsAfter, oddsOf } from "../optim/correction.ts";
import type { Schedule } from "../optim/index.ts";
import type { State, Tensor } from "../runtime/program.ts";

/**
 * `state` as a program of `parameters` has it now: where Adam or a relative had counted its steps ("adam.step"), with the odds of its
 * corrections ("adam.odds.0.9") as if they had been kept from the first step. A beta that is fed is a schedule of `fed`, by the name
 * of its input. What else there is stays. Values must be on the host.
 */
export function withOdds(
  state: State,
  parameters: readonly Parameter[],
  fed: Readonly<Partial<Record<string, Schedule>>> = {},
): State {
  const made = new Map<string, Tensor>();
  const counts = new Set<string>();
  for (const name of parameters.map(({ attrs }) => attrs.name)) {
    const odds = oddsOf(name);
    const count = `${odds?.optimizer}.step`;
    const steps = state.get(count);
    if (!odds || !steps || state.has(name)) continue;
    const beta = typeof odds.beta === "number" ? odds.beta : fed[odds.beta];
    if (beta === undefined) continue; // whoever checks the state says what it lacks
    counts.add(count);
    made.set(name, oddsFrom(steps, beta));
  }
  return new Map([...[...state].filter(([name]) => !counts.has(name)), ...made]);
}

/** In floats as those of the count. */
function oddsFrom({ data }: Tensor, beta: number | Schedule): Tensor {
  const isDouble = data instanceof Float64Array;
  const odds = oddsAfter(data[0], beta, isDouble ? (x) => x : Math.fround);
  return { dtype: "float", shape: [], data: (isDouble ? Float64Array : Float32Array).of(odds) };
}
