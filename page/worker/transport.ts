/** What holds a race and lets it go: play, pause, one step of every run, one turn, stop. */
import type { Contestant } from "../../runs/experiment.ts";
import type { RaceOptions } from "../../runs/race.ts";

export interface Transport extends Required<Pick<RaceOptions, "hold" | "stride" | "signal">> {
  play(): void;
  /** To where every run is at the next step, or at the next end of a turn. */
  advance(by: "step" | "turn"): void;
  /** To the next step at the latest. */
  pause(): void;
  /** Ends the race, with all saved. */
  stop(): void;
}

type Going = "no" | "on" | { readonly by: "step" | "turn"; goal?: number };

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
    go = undefined;
  };
  const held = (): Promise<void> =>
    new Promise((resolve) => {
      go = () => {
        before = performance.now();
        resolve();
      };
      onHeld();
    });
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
      if (typeof going === "object") {
        const goal = (going.goal ??= goalOf(going.by, runs));
        if (runs.every((run) => run.step() >= Math.min(goal, run.steps))) going = "no";
      }
      return going === "no" ? held : undefined;
    },
    stride: () =>
      typeof going === "object" && going.by === "step"
        ? 1
        : Math.max(1, Math.floor(ROUND / racing / milliseconds)),
    play: () => let_("on"),
    advance: (by) => let_({ by }),
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
