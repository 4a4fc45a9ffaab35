/** What holds a race and lets it go: play, pause, one step of every run, one turn, stop. */
import type { Contestant } from "../../runs/experiment.ts";
import type { RaceOptions } from "../../runs/race.ts";

export interface Transport extends Required<Pick<RaceOptions, "hold" | "stride" | "signal">> {
  going(): Going;
  /** On, or to where every run is at the next step, or at the next end of a turn. */
  go(how: Exclude<Going, "no">): void;
  /** To the next step at the latest. */
  pause(): void;
  /** Ends the race, with all saved. */
  stop(): void;
}

/** How a race goes: held, on and on, or to a step. */
export type Going = "no" | "on" | { readonly by: "step" | "turn"; readonly goal?: number };

/** Milliseconds in which every run is seen to move. */
const ROUND = 300;

/** `onHeld` is called whenever the race stands still, with all saved. It begins held. */
export function transport(onHeld: () => void): Transport {
  let going: Going = "no";
  let go: (() => void) | undefined;
  let isStopped = false;
  let [racing, milliseconds, before] = [1, ROUND, performance.now()];
  const let_ = (next: Going): void => {
    going = next;
    go?.();
  };
  /** Where it goes to is decided while all stand still, as the race asks again only after a step. */
  const heldAt = (runs: readonly Contestant[]) => (): Promise<void> =>
    new Promise((resolve) => {
      go = () => {
        go = undefined;
        before = performance.now();
        aim(runs);
        resolve();
      };
      if (going !== "no" || isStopped)
        go(); // while all was saved
      else onHeld();
    });
  function aim(runs: readonly Contestant[]): number {
    if (typeof going !== "object") return Infinity;
    going = { ...going, goal: going.goal ?? goalOf(going.by, runs) };
    return going.goal!;
  }
  return {
    signal: {
      get aborted() {
        return isStopped;
      },
    },
    hold(runs) {
      const now = performance.now();
      milliseconds += 0.2 * (Math.min(now - before, ROUND) - milliseconds);
      [racing, before] = [runs.length, now];
      if (isStopped) return () => Promise.resolve();
      const goal = aim(runs);
      if (runs.every((run) => run.step() >= Math.min(goal, run.steps))) going = "no";
      return going === "no" ? heldAt(runs) : undefined;
    },
    stride: () =>
      typeof going === "object" && going.by === "step"
        ? 1
        : Math.max(1, Math.floor(ROUND / racing / milliseconds)),
    going: () => going,
    go: let_,
    pause() {
      going = "no";
    },
    stop() {
      isStopped = true;
      let_(going);
    },
  };
}

/** The step that all are to have done; where they are apart, the one that the first of them has done. */
function goalOf(by: "step" | "turn", runs: readonly Contestant[]): number {
  const unfinished = runs.filter((run) => run.step() < run.steps);
  const steps = unfinished.map((run) => run.step());
  const [least, most] = [Math.min(...steps), Math.max(...steps)];
  if (by === "step") return least === most ? most + 1 : most;
  const { turn = 1 } = unfinished.find((run) => run.step() === least) ?? {};
  return (Math.floor(least / turn) + 1) * turn;
}
