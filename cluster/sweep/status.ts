/** How far a sweep is: what its folder tells, whoever trains. */
import { isBegun } from "../../runs/folder/index.ts";
import { isRunning, readFailure, readResult, trialFolder } from "./files.ts";
import type { Sweep, Trial } from "./manifest.ts";

export const STATES = ["done", "running", "stopped", "failed", "to do"] as const;
export type State = (typeof STATES)[number];

export interface TrialStatus extends Trial {
  readonly state: State;
  /** Why it failed, or diverged. */
  readonly why?: string;
}

/** The state of every trial. */
export async function statusOf(sweep: Sweep): Promise<readonly TrialStatus[]> {
  const all: TrialStatus[] = [];
  for (const trial of sweep.manifest.trials)
    all.push({ ...trial, ...(await stateOf(sweep, trial)) });
  return all;
}

async function stateOf(sweep: Sweep, trial: Trial): Promise<Pick<TrialStatus, "state" | "why">> {
  const result = await readResult(sweep, trial).catch((error: unknown) => error as Error);
  if (result instanceof Error) return { state: "failed", why: result.message }; // of one, and the others are told of all the same
  if (result) return { state: "done", ...(result.why === undefined ? {} : { why: result.why }) };
  if (await isRunning(sweep, trial)) return { state: "running" };
  const failure = await readFailure(sweep, trial);
  if (failure) return { state: "failed", why: failure.why };
  return { state: isBegun(trialFolder(sweep, trial)) ? "stopped" : "to do" };
}

/** How many trials there are of each state. */
export const countsOf = (all: readonly TrialStatus[]): Readonly<Record<State, number>> =>
  Object.fromEntries(
    STATES.map((state) => [state, all.filter((one) => one.state === state).length]),
  ) as Record<State, number>;

/** What people read: the numbers, and what needs looking at. */
export function statusText(all: readonly TrialStatus[]): string {
  const counts = countsOf(all);
  const lost = all.filter(({ state, why }) => state === "done" && why !== undefined);
  const numbers = STATES.map((state) => {
    const diverged = state === "done" && lost.length > 0 ? ` (${lost.length} diverged)` : "";
    return `${counts[state]} ${state}${diverged}`;
  });
  const lines = all
    .filter(({ state, why }) => state === "running" || why !== undefined)
    .map(({ index, id, state, why }) => {
      const what = state === "done" ? "diverged" : state;
      return `  ${index} ${id}: ${what}${why === undefined ? "" : `: ${why}`}`;
    });
  return `${all.length} ${all.length === 1 ? "trial" : "trials"}: ${numbers.join(", ")}\n${lines.map((line) => `${line}\n`).join("")}`;
}
