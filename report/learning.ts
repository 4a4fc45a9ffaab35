/** Whether an arm learned anything at all. */
import type { Measure, Results, RunRecord } from "../runs/records.ts";
import { chanceBetween, known } from "./chance.ts";
import { seriesOf } from "./curves.ts";
import { baselineOf, type Row } from "./rows.ts";

/** Why an arm is taken to have learned nothing. */
export type Nothing = "no better than the baseline" | "no better than guessing" | "loss rose";

/** Guessing may know which class is the most common, so this share of the way to perfection is still guessing. */
const GUESSING = 0.02;
/** A loss that is so many times what another run began with has exploded, even if it fell since. */
const EXPLODED = 10;

/** Why, or null where it learned something; by a baseline where there is one, else by the measure's chance level and by the loss. */
export function nothingLearned(results: Results, row: Row): Nothing | null {
  const [measure] = results.sheet.measures;
  const { score } = row;
  if (score === null) return null;
  const better = (x: number): number => (measure.better === "lower" ? -x : x);
  const baseline = baselineOf(results);
  if (baseline !== null) {
    const noise = chanceBetween(score, baseline)?.size ?? 0;
    return better(score.mean - baseline.mean) <= noise ? "no better than the baseline" : null;
  }
  const chance = chanceOf(measure);
  if (chance !== null) {
    const noise = chanceBetween(score, known(chance))?.size ?? 0;
    const slack = GUESSING * Math.abs(chance - perfection(measure));
    if (better(score.mean - chance) <= Math.max(noise, slack)) return "no better than guessing";
  }
  return row.runs.every((run) => lossRose(run, results)) ? "loss rose" : null;
}

/** The measure's level of chance, in its unit. */
export const chanceOf = ({ chance, scale }: Measure): number | null =>
  chance === undefined ? null : chance * scale;

/** A share's best value is 0 or all; what others' is nobody knows, 0 will do for the size of a slack. */
const perfection = ({ better, share = false, scale }: Measure): number =>
  share && better === "higher" ? scale : 0;

/** Whether the loss was no lower at the end than at the first point of its curve, or exploded. */
function lossRose(run: RunRecord, results: Results): boolean {
  const losses = lossesOf(run);
  if (losses.length < 2) return false;
  const [first, last] = [losses[0], losses[losses.length - 1]];
  const firsts = Object.values(results.arms).flatMap(({ runs }) =>
    runs.flatMap((other) => lossesOf(other).slice(0, 1)),
  );
  const least = firsts.reduce((a, b) => Math.min(a, b));
  return last >= first || (least > 0 && last > EXPLODED * least);
}

const lossesOf = (run: RunRecord): readonly number[] =>
  seriesOf(run, { from: "points", key: "loss" }).map(({ y }) => y);
