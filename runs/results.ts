/** From the events of a comparison to its records: everything that results.json says follows from its log and its configuration. */
import type { Arm } from "../src/index.ts";
import type { Changed, Event, Measured, Opened, Point, RunEvent, RunKey } from "./events.ts";
import type { Config } from "./experiment.ts";
import { isGrid, keysOf, nameOf, ratesOf } from "./rates.ts";
import { grownOf } from "./growth.ts";
import type { ArmRecord, ChangeRecord, LostRun, Results, RunRecord, Sheet } from "./records.ts";
import { told, words, type Settings } from "./settings.ts";

/** What events do not say. */
export interface Compared {
  readonly experiment: string;
  readonly config: Config;
  readonly command: string;
  readonly startedAt: string;
  /** What describes the configuration. */
  readonly settings: Settings;
  /** Settings that were changed on the way; a log that does not tell of all of them is from before. */
  readonly changes: readonly Omit<Changed, "type">[];
  /** Its runs (default: all that the configuration has). */
  readonly keys?: readonly RunKey[];
}

/** A run as its events tell it. */
interface Seen {
  readonly key: RunKey;
  readonly record: RunRecord;
  readonly parameters: number | null;
  readonly wall: number;
  readonly finished: boolean;
  readonly lost: string | undefined;
}

export interface FoldOptions {
  /**
   * Whether runs of a comparison under way end where the last test is that all have had, so that they compare, which throws where
   * there is none yet (default); else each goes as far as it has got, for curves that grow.
   */
  readonly cut?: boolean;
}

/** The records of a comparison, finished or under way; `where` is what messages call it. */
export function resultsOf(
  compared: Compared,
  events: readonly Event[],
  where: string,
  { cut = true }: FoldOptions = {},
): Results {
  const { config, keys = keysOf(config) } = compared;
  const opened = events.findLast((e): e is Opened => e.type === "opened");
  if (!opened)
    throw new Error(
      `${where}: expected the log of a run, got none of its events; let it train for a while, or go on with it`,
    );
  const ofRuns = eventsByRun(events, config);
  const runs = keys.map((key) => runOf(key, ofRuns.get(nameOf(config, key)) ?? []));
  const lost = runs.filter((run) => run.lost !== undefined);
  const racing = runs.filter((run) => run.lost === undefined);
  const isBehind = events.filter((e) => e.type === "changed").length < compared.changes.length;
  const isFinished = !isBehind && racing.every((run) => run.finished);
  const at = Math.min(...racing.map((run) => run.record.tests.at(-1)?.at ?? 0));
  if (cut && racing.length > 0 && !isFinished && at === 0)
    throw new Error(
      `${where}: expected every run to have been tested, got some that were not yet; let them train on`,
    );
  const shown = isFinished || !cut ? racing : racing.map((run) => upTo(run, at));
  const [measure] = opened.sheet.measures;
  const arms = config.arms.flatMap((arm) => {
    const tried = shown.filter(({ key }) => key.arm === arm);
    return tried.length === 0 ? [] : [[arm, armOf(arm, tried, config, measure)] as const];
  });
  const { machine, ranks, facts, sheet } = opened;
  return {
    format: "weightnorm-results/3",
    experiment: compared.experiment,
    command: compared.command,
    startedAt: compared.startedAt,
    config: { ...config },
    settings: settingsTold(compared.settings, config),
    machine,
    ...(ranks ? { ranks } : {}),
    ...{ facts, sheet },
    ...(isFinished ? {} : { soFar: { at, of: lengthOf(compared, at) } }),
    seconds: runs.reduce((sum, { wall }) => sum + wall, 0),
    arms: Object.fromEntries(arms),
    lost: lost.map(({ key, record, lost: why }): LostRun => ({
      ...key,
      step: record.step,
      why: why!,
    })),
    changes: compared.changes.map((change) => changeTold(change, compared.settings)),
  };
}

/** The settings of a configuration as reports print them, in the order of their descriptions, and whatever else it has. */
export function settingsTold(settings: Settings, config: object): Results["settings"] {
  const values = config as Readonly<Record<string, unknown>>;
  const others = Object.keys(values).filter((name) => !Object.hasOwn(settings, name));
  return [...Object.keys(settings), ...others].flatMap((name) =>
    values[name] === undefined
      ? []
      : [{ name: words(name), value: told(settings[name], values[name]) }],
  );
}

/** The events of runs by their names; where rates do not tell runs apart, one that was changed is still the same run. */
function eventsByRun(
  events: readonly Event[],
  config: Config,
): ReadonlyMap<string, readonly RunEvent[]> {
  const all = new Map<string, RunEvent[]>();
  for (const event of events) {
    if (event.type === "opened" || event.type === "changed") continue;
    const name = nameOf(config, event);
    const own = all.get(name);
    if (own) own.push(event);
    else all.set(name, [event]);
  }
  return all;
}

function runOf(key: RunKey, events: readonly RunEvent[]): Seen {
  const last = <T extends RunEvent["type"]>(type: T): Extract<RunEvent, { type: T }> | undefined =>
    events.findLast((e): e is Extract<RunEvent, { type: T }> => e.type === type);
  const initialized = last("initialized");
  const finished = last("finished");
  const exhibited = last("exhibited");
  return {
    key,
    record: {
      seed: key.seed,
      step: events.reduce((most, { step }) => Math.max(most, step), 0),
      points: events.flatMap((e) => (e.type === "point" ? [plain<Point>(e)] : [])),
      tests: events.flatMap((e) => (e.type === "measured" ? [plain<Measured>(e)] : [])),
      dead: initialized?.dead ?? {},
      ...(initialized?.layers ? { start: initialized.layers } : {}),
      timing: finished?.timing ?? null,
      final: exhibited?.measured ?? {},
      pictures: exhibited?.pictures ?? [],
    },
    parameters: finished?.parameters ?? null,
    wall:
      finished?.wall ??
      events.reduce((most, e) => Math.max(most, "seconds" in e ? e.seconds : 0), 0),
    finished: finished !== undefined,
    lost: last("lost")?.why,
  };
}

/** An event without what tells its run and its kind, which its place in the records tells. */
function plain<E extends Point | Measured>({
  type: _type,
  arm: _arm,
  seed: _seed,
  lr: _lr,
  ...rest
}: RunKey & E): Omit<E, "type"> {
  return rest as unknown as Omit<E, "type">;
}

const changeTold = (
  { time, setting, from, to, note, steps }: Omit<Changed, "type">,
  settings: Settings,
): ChangeRecord => ({
  ...{ time, setting: words(setting), note, steps },
  from: told(settings[setting], from),
  to: told(settings[setting], to),
});

const upTo = (run: Seen, at: number): Seen => ({
  ...run,
  record: {
    ...run.record,
    points: run.record.points.filter((p) => p.at <= at),
    tests: run.record.tests.filter((t) => t.at <= at),
  },
});

/** How far a comparison is to go, on the sheet's axis: the setting that says how long runs are. */
function lengthOf({ settings, config }: Compared, at: number): number {
  const [name] = Object.entries(settings).find(([, { length }]) => length === true) ?? [];
  const planned = name && (config as unknown as Readonly<Record<string, unknown>>)[name];
  return typeof planned === "number" ? planned : at;
}

/** An arm's runs at its best learning rate, and all that were tried. */
function armOf(
  arm: Arm,
  tried: readonly Seen[],
  config: Config,
  measure: Sheet["measures"][number],
): ArmRecord {
  const grid = ratesOf(config, arm).map((lr) => {
    const runs = tried.filter(({ key }) => key.lr === lr);
    const bySeed = runs.map(({ record }) => {
      const { seed, tests } = record;
      const last = tests.findLast((t) => t.heldOut !== undefined); // not every test has one
      return {
        seed,
        heldOut: last?.heldOut?.[measure.key] ?? null,
        test: tests.at(-1)?.test[measure.key] ?? null,
        ...grownOf(record, lr),
      };
    });
    const heldOut = bySeed.reduce((sum, one) => sum + (one.heldOut ?? NaN), 0) / bySeed.length;
    const isWhole = runs.length === config.seeds.length && Number.isFinite(heldOut);
    return { lr, heldOut: isWhole ? heldOut : null, bySeed };
  });
  const sign = measure.better === "lower" ? 1 : -1;
  const rank = ({ heldOut }: { readonly heldOut: number | null }): number =>
    heldOut === null ? Infinity : sign * heldOut;
  // Where no rate brought every seed to its end, that which brought most of them.
  const [{ lr }] = grid.toSorted((a, b) =>
    rank(a) === rank(b) ? b.bySeed.length - a.bySeed.length : rank(a) - rank(b),
  );
  const chosen = tried.filter(({ key }) => key.lr === lr);
  return {
    parameters: chosen[0].parameters,
    lr,
    ...(isGrid(config) ? { grid } : {}),
    runs: chosen.map(({ record }) => record),
  };
}
