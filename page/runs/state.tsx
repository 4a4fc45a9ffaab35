/** The state of a run: a word with its share done, and how long ago it last said something. */
import type { RunSummary } from "../../serve/api.ts";
import { doneOf } from "./choose.ts";
import { Ago } from "./clock.tsx";

export interface StateProps {
  readonly run: RunSummary;
  readonly now: number;
}
export function State({ run, now }: StateProps) {
  const { state, updatedAt } = run;
  const share = doneOf(run);
  const isUnderWay = state === "running" || state === "stopped";
  return (
    <div class={`state ${state}`}>
      <p>
        <b>{state}</b>
        {isUnderWay && ` ${Math.floor(100 * share)}%`}{" "}
        <span class="quiet">
          {state === "running" ? "heard " : ""}
          <Ago time={updatedAt} now={now} />
        </span>
      </p>
      {isUnderWay && (
        <progress aria-label="done" value={share} max={1}>
          {Math.floor(100 * share)}%
        </progress>
      )}
    </div>
  );
}
