/** A race as the page follows it: events folded as they come, so that a message costs what it brings and not what came before. */
import type { Changed, Event, Opened, RunKey, Shown, Values } from "../../runs/events.ts";
import { nameOf } from "../../runs/rates.ts";
import type { Arm, ArmRecord, Measure, Results, RunRecord, Sheet } from "../../runs/records.ts";
import { ARMS } from "../../runs/records.ts";
import type { Begun } from "../worker/protocol.ts";

/** One run under way. */
export interface Runner {
  readonly key: RunKey;
  readonly name: string;
  readonly step: number;
  /** Steps that it will have done; 0 as long as nobody said. */
  readonly steps: number;
  /** Seconds so far, tests included. */
  readonly wall: number;
  /** What the last step said of itself, e.g. its loss. */
  readonly values: Values;
  readonly record: RunRecord;
  readonly parameters: number | null;
  readonly finished: boolean;
  /** Why it is out, if it is. */
  readonly lost: string | undefined;
  /** Steps that were seen not long ago, from which its speed is read. */
  readonly lately: readonly { readonly step: number; readonly wall: number }[];
}

export interface Race {
  readonly run: Begun["run"];
  readonly sheet: Sheet | undefined;
  readonly runners: readonly Runner[];
  /** All but what is for displays alone. */
  readonly events: readonly Event[];
}

/** Steps that speed is read from. */
const LATELY = 16;

export function raceOf({ run, keys, events }: Pick<Begun, "run" | "keys" | "events">): Race {
  const runners = keys.map((key): Runner => ({
    ...{ key, name: nameOf(run.config, key), step: 0, steps: 0, wall: 0, values: {} },
    ...{ record: newRecord(key), parameters: null, finished: false, lost: undefined, lately: [] },
  }));
  return advanced({ run, sheet: undefined, runners, events: [] }, events);
}

/** The race after these events as well. */
export function advanced(race: Race, events: readonly Shown[]): Race {
  const changed = new Map<string, Runner>();
  let { sheet } = race;
  let runners = race.runners;
  for (const event of events) {
    if (event.type === "changed") continue;
    if (event.type === "opened") {
      sheet = event.sheet;
      runners = runners.map((runner) => openedOf(runner, event));
      continue;
    }
    const name = nameOf(race.run.config, event);
    const before = changed.get(name) ?? runners.find((one) => one.name === name);
    if (before) changed.set(name, after(before, event));
  }
  const logged = events.filter((e): e is Event => e.type !== "stepped");
  return {
    ...race,
    sheet,
    runners: changed.size === 0 ? runners : runners.map((one) => changed.get(one.name) ?? one),
    events: logged.length === 0 ? race.events : [...race.events, ...logged],
  };
}

const newRecord = ({ seed }: RunKey): RunRecord => ({
  ...{ seed, step: 0, points: [], tests: [], dead: {}, timing: null, final: {}, pictures: [] },
});

function openedOf(runner: Runner, { runs }: Opened): Runner {
  const own = runs.find(({ name }) => name === runner.name);
  return own ? { ...runner, step: own.step, steps: own.steps, lately: [] } : runner;
}

function after(runner: Runner, event: Exclude<Shown, Changed | Opened>): Runner {
  const { record } = runner;
  const step = Math.max(runner.step, event.step);
  const at = { ...runner, step, record: { ...record, step } };
  const { arm: _arm, seed: _seed, lr: _lr, type: _type, ...rest } = event;
  switch (event.type) {
    case "stepped": {
      const { wall, steps, values } = event;
      const lately = [...runner.lately.slice(1 - LATELY), { step: event.step, wall }];
      return { ...at, wall, steps, values, lately };
    }
    case "point":
      return recorded(at, { points: [...record.points, rest as RunRecord["points"][number]] });
    case "measured":
      return recorded(at, { tests: [...record.tests, rest as RunRecord["tests"][number]] });
    case "initialized":
      return recorded(at, {
        dead: event.dead,
        ...(event.layers ? { start: event.layers } : {}),
      });
    case "exhibited":
      return recorded(at, { final: event.measured, pictures: event.pictures });
    case "lost":
      return { ...at, lost: event.why };
    case "finished": {
      const { parameters, timing, wall } = event;
      return { ...recorded(at, { timing }), parameters, wall, finished: true };
    }
  }
}
const recorded = (runner: Runner, more: Partial<RunRecord>): Runner => ({
  ...runner,
  record: { ...runner.record, ...more },
});

/** The records as each run has got, for curves: of several rates of an arm the first one that still runs. */
export function resultsSoFar({ run, sheet, runners, events }: Race): Results | undefined {
  const opened = events.findLast((e): e is Opened => e.type === "opened");
  if (sheet === undefined || opened === undefined) return undefined;
  const records = ARMS.flatMap((arm): [Arm, ArmRecord][] => {
    const own = runners.filter(({ key, lost }) => key.arm === arm && lost === undefined);
    if (own.length === 0) return [];
    const { lr } = own[0].key;
    const runs = own.filter(({ key }) => key.lr === lr).map(({ record }) => record);
    return [[arm, { parameters: own[0].parameters, lr, runs }]];
  });
  const { experiment, config, command, startedAt } = run;
  const { machine, facts } = opened;
  return {
    ...{ format: "weightnorm-results/3", experiment, config: { ...config }, command, startedAt },
    ...{ settings: [], machine, facts, sheet, changes: [], lost: [] },
    seconds: runners.reduce((sum, { wall }) => sum + wall, 0),
    arms: Object.fromEntries(records),
  };
}

/** What a run trains at: the mean of training at its last point, or what its last step said. */
export const lossOf = ({ record, values }: Runner): number | null =>
  values["loss"] ?? record.points.at(-1)?.values["loss"] ?? null;

/** The first measure of a run's last test. */
export const scoreOf = ({ record }: Runner, { key }: Measure): number | null =>
  record.tests.at(-1)?.test[key] ?? null;

/** Who is ahead, by the last test that all have had; nobody where there was none. */
export interface Lead {
  readonly runner: Runner;
  readonly score: number;
  /** Where the test was, on the sheet's axis. */
  readonly at: number;
}
export function leadOf({ sheet, runners }: Race): Lead | undefined {
  if (sheet === undefined) return undefined;
  const [{ key, better }] = sheet.measures;
  const racing = runners.filter(({ lost }) => lost === undefined);
  const at = Math.min(...racing.map(({ record }) => record.tests.at(-1)?.at ?? 0));
  if (racing.length < 2 || at === 0) return undefined;
  const sign = better === "lower" ? 1 : -1;
  return racing
    .flatMap((runner): Lead[] => {
      const score = runner.record.tests.findLast((test) => test.at <= at)?.test[key];
      return typeof score === "number" ? [{ runner, score, at }] : [];
    })
    .toSorted((a, b) => sign * (a.score - b.score))
    .at(0);
}

/** How fast it goes, and how long it will: seconds, over all runs. */
export interface Pace {
  readonly secondsAStep: number;
  readonly left: number;
}
export function paceOf({ runners }: Pick<Race, "runners">): Pace | undefined {
  const racing = runners.filter(({ lost, finished }) => lost === undefined && !finished);
  const paces = racing.flatMap((runner) => {
    const a = runner.lately[0] as Runner["lately"][number] | undefined;
    const b = runner.lately.at(-1);
    return a && b && b.step > a.step ? [(b.wall - a.wall) / (b.step - a.step)] : [];
  });
  if (paces.length === 0) return undefined;
  const secondsAStep = paces.reduce((a, b) => a + b) / paces.length;
  const steps = racing.reduce((sum, { steps: all, step }) => sum + Math.max(0, all - step), 0);
  return { secondsAStep, left: secondsAStep * steps };
}

/** Whether every run is at its end. */
export const isOver = ({ runners }: Pick<Race, "runners">): boolean =>
  runners.length > 0 && runners.every(({ finished, lost }) => finished || lost !== undefined);

/** The learning rate that was set for all of them on the way, the last one; undefined where they have those that they began with. */
export function rateSet(events: readonly Event[]): number | undefined {
  const last = events.findLast((e): e is Changed => e.type === "changed" && e.setting === "lr");
  const rate: unknown = Array.isArray(last?.to) ? last.to[0] : last?.to;
  return typeof rate === "number" ? rate : undefined;
}
