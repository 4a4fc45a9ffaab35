/** Which runs a list shows, in which order, and what of them is worth a place in it. Plain functions of what the server told. */
import type { Arm } from "../../runs/records.ts";
import { ARMS } from "../../runs/records.ts";
import type { RunSummary } from "../../serve/api.ts";
import { meanOf } from "../../report/chance.ts";
import { inUnit } from "../../report/measure.ts";
import { valueOf } from "../../report/rows.ts";
import type { View } from "./view.ts";

type Filter = Pick<View, "query" | "state" | "experiment" | "arm">;

/** Those that a filter lets through: every word of its query stands somewhere in what a run is called, set to and started by. */
export function filtered(runs: Iterable<RunSummary>, filter: Filter): readonly RunSummary[] {
  const words = filter.query.toLowerCase().split(/\s+/).filter(Boolean);
  return [...runs].filter(
    (run) =>
      (filter.state === undefined || run.state === filter.state) &&
      (filter.experiment === undefined || run.experiment === filter.experiment) &&
      (filter.arm === undefined || run.runs.some(({ arm }) => arm === filter.arm)) &&
      (words.length === 0 || words.every((word) => textOf(run).includes(word))),
  );
}

const texts = new WeakMap<RunSummary, string>();
/** All that is searched of a run, made once. */
function textOf(run: RunSummary): string {
  const known = texts.get(run);
  if (known !== undefined) return known;
  const settings = run.settings.map(({ name, value }) => `${name} ${value}`);
  const text = [run.id, run.experiment, run.command, run.state, ...settings]
    .join("\n")
    .toLowerCase();
  texts.set(run, text);
  return text;
}

export function sorted(runs: readonly RunSummary[], sort: View["sort"]): readonly RunSummary[] {
  const ranks = new Map(sort === "best" ? runs.map((run) => [run, rankOf(run)]) : []);
  const byName = (a: RunSummary, b: RunSummary): number => compared(a.id, b.id);
  const order: Readonly<Record<View["sort"], (a: RunSummary, b: RunSummary) => number>> = {
    newest: (a, b) => compared(b.startedAt, a.startedAt),
    latest: (a, b) => compared(b.updatedAt, a.updatedAt),
    name: byName,
    best: (a, b) => compared(a.experiment, b.experiment) || ranks.get(a)! - ranks.get(b)!,
  };
  return runs.toSorted((a, b) => order[sort](a, b) || byName(a, b));
}
const compared = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Smaller is better; runs without a test come last. */
function rankOf(run: RunSummary): number {
  const best = bestOf(run);
  if (best === undefined) return Number.MAX_VALUE;
  return run.measure?.better === "higher" ? -best.value : best.value;
}

interface Best {
  readonly arm: Arm;
  readonly value: number;
  readonly text: string;
}
const bests = new WeakMap<RunSummary, Best | undefined>();
/** The arm whose last tests are the best, a mean over its seeds, in the measure's own numbers; found once. */
export function bestOf(run: RunSummary): Best | undefined {
  if (!bests.has(run)) bests.set(run, foundBest(run));
  return bests.get(run);
}
function foundBest({ measure, runs }: RunSummary): Best | undefined {
  if (measure === undefined) return undefined;
  const values = new Map<string, { readonly arm: Arm; readonly of: number[] }>();
  for (const { arm, lr, test, lost = false } of runs) {
    const value = valueOf(test, measure.key);
    if (value === null || lost) continue;
    const entry = values.get(`${arm} ${lr}`);
    if (entry) entry.of.push(value);
    else values.set(`${arm} ${lr}`, { arm, of: [value] });
  }
  const sign = measure.better === "lower" ? 1 : -1;
  const best = [...values.values()]
    .map(({ arm, of }) => ({ arm, value: meanOf(of) }))
    .toSorted((a, b) => sign * (a.value - b.value))
    .at(0);
  return best === undefined ? undefined : { ...best, text: inUnit(measure, best.value) };
}

/** How much of a comparison is done, from 0 to 1: steps of the runs that are not lost. */
export function doneOf({ runs }: RunSummary): number {
  const racing = runs.filter(({ lost = false, steps }) => !lost && steps > 0);
  const shares = racing.map(({ step, steps }) => Math.min(1, step / steps));
  return shares.length === 0 ? 0 : meanOf(shares);
}

export const armsIn = ({ runs }: RunSummary): readonly Arm[] =>
  ARMS.filter((arm) => runs.some((run) => run.arm === arm));

/** By experiment the names of settings that its runs differ in, or that some of them lack. */
export function differing(runs: Iterable<RunSummary>): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, RunSummary[]>();
  for (const run of runs) {
    const group = groups.get(run.experiment);
    if (group) group.push(run);
    else groups.set(run.experiment, [run]);
  }
  return new Map([...groups].map(([experiment, all]) => [experiment, differencesOf(all)]));
}

function differencesOf(runs: readonly RunSummary[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { settings } of runs)
    for (const { name, value } of settings) {
      const pair = `${name}\n${value}`;
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
  const shared = [...counts].filter(([, count]) => count === runs.length);
  const same = new Set(shared.map(([pair]) => pair.split("\n")[0]));
  const names = runs.flatMap(({ settings }) => settings.map(({ name }) => name));
  return new Set(names.filter((name) => !same.has(name)));
}

/** Of what no line has room for both ends. */
export const shortened = (text: string, most = 64): string =>
  text.length > most
    ? `${text.slice(0, Math.ceil(most / 2))}\u2026${text.slice(-Math.floor(most / 2))}`
    : text;
