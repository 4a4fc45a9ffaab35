/** What starts, stops and steps a training. */
import type { Shown } from "./shown.ts";
import { isOver } from "./race.ts";
import { awaited, isTurned, type State } from "./state.ts";

/** Whether a turn is an epoch: by the sheet, else by what may be set. */
const hasEpochs = ({ race, offer }: State): boolean =>
  race?.sheet
    ? race.sheet.axis.name === "epoch"
    : (offer?.controls ?? []).some(({ name }) => name === "epochs");

export function Transport({ state, actions }: Shown) {
  const { phase, race, wish } = state;
  const isRunning = phase.is === "running";
  const turned = isTurned(state);
  const isBusy = phase.is === "preparing" || wish === undefined;
  const waits = turned && awaited(state).length > 0;
  const ended = race !== undefined && isOver(race) && !turned;
  const canStep = race !== undefined && !turned && !isBusy && !isRunning && !ended;
  const goesOn = race !== undefined && !turned && race.runners.some(({ step }) => step > 0);
  const turn = hasEpochs(state) ? "One epoch" : "One turn";
  return (
    <div class="transport" role="group" aria-label="Training">
      {isRunning && (
        <button type="button" class={turned ? "" : "primary"} onClick={() => void actions.pause()}>
          Pause
        </button>
      )}
      {(!isRunning || turned) && (
        <button
          type="button"
          class="primary"
          disabled={isBusy || waits || ended}
          onClick={() => void actions.play()}
        >
          {goesOn ? "Train on" : turned && race ? "Train anew" : "Train"}
        </button>
      )}
      <button type="button" disabled={!canStep} onClick={() => void actions.advance("step")}>
        One step
      </button>
      <button type="button" disabled={!canStep} onClick={() => void actions.advance("turn")}>
        {turn}
      </button>
      <button
        type="button"
        disabled={race === undefined || isBusy}
        onClick={() => void actions.restart()}
        title="The same seed gives the same start, and the same losses again"
      >
        Restart from the same bits
      </button>
    </div>
  );
}
