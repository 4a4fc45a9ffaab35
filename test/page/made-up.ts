/** Runs that nobody trained: events and summaries made of the report's synthetic results, as the server of runs tells them. */
import type { Event, RunEvent } from "../../runs/events.ts";
import type { Arm, Results } from "../../runs/records.ts";
import { ARMS } from "../../runs/records.ts";
import type { ComparedJson, RunSummary } from "../../serve/api.ts";
import { ERROR, sampleResults, type SampleOptions } from "../report/sample.ts";

/** A run with all that it will ever have told. */
export interface MadeUp {
  readonly summary: RunSummary;
  readonly compared: ComparedJson;
  /** In the order of steps, without what finishes it. */
  readonly events: readonly Event[];
  /** What finishes it. */
  readonly ends: readonly Event[];
}

export interface MadeUpOptions extends SampleOptions {
  readonly state?: RunSummary["state"];
  readonly rate?: number;
}
const STARTED = "2030-01-02T03:04:05.000Z";

export function madeUp(id: string, options: MadeUpOptions = {}): MadeUp {
  const { state = "finished", rate = 0.001, ...rest } = options;
  const results = sampleResults(rest);
  const keys = entries(results).flatMap(([arm, { runs }]) =>
    runs.map((run) => ({
      key: { arm, seed: run.seed, lr: rate },
      name: `${arm}-${run.seed}`,
      run,
    })),
  );
  const told = keys.flatMap(({ key, run }) => [
    ...run.points.map((point): RunEvent => ({ ...key, type: "point", ...point })),
    ...run.tests.map((test): RunEvent => ({ ...key, type: "measured", ...test })),
  ]);
  const steps = Math.max(...keys.map(({ run }) => run.step));
  const { machine, facts, sheet, command, experiment } = results;
  const settings = results.settings.concat({ name: "learning rate", value: String(rate) });
  return {
    summary: {
      ...{ id, experiment, command, startedAt: STARTED, updatedAt: STARTED, state, settings },
      measure: ERROR,
      runs: keys.map(({ key, name, run }) => ({
        ...{ ...key, name, step: run.step, steps },
        test: run.tests.at(-1)!.test,
      })),
      checkpoints: keys.map(({ name }) => name),
    },
    compared: {
      ...{ experiment, command, startedAt: STARTED },
      config: { arms: entries(results).map(([arm]) => arm), seeds: seedsOf(results), lr: [rate] },
    },
    events: [
      {
        ...{ type: "opened", time: STARTED, machine, facts, sheet },
        runs: keys.map(({ key, name }) => ({ ...key, name, step: 0, steps })),
      },
      ...told.toSorted((a, b) => a.step - b.step),
    ],
    ends: keys.map(({ key, run }): RunEvent => ({
      ...{ ...key, type: "finished", step: run.step, parameters: 113_098 },
      ...{ timing: run.timing!, wall: run.points.at(-1)!.seconds },
    })),
  };
}

const entries = ({ arms }: Results) =>
  ARMS.flatMap((arm: Arm) => (arms[arm] ? [[arm, arms[arm]] as const] : []));
const seedsOf = (results: Results): readonly number[] => [
  ...new Set(entries(results).flatMap(([, { runs }]) => runs.map(({ seed }) => seed))),
];

/** What it had told when it was at a step. */
export const upTo = ({ events }: MadeUp, step: number): readonly Event[] =>
  events.filter((event) => !("step" in event) || event.step <= step);
