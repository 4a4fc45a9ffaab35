/** What the lab shows, from what the worker tells: the same whether events come one by one or at once, and the report's own verdict at the end. */
import { expect, test } from "vitest";
import { isOver, leadOf, paceOf, raceOf, resultsSoFar, type Race } from "../../page/lab/race.ts";
import { FIRST, isTurned, missing, reduce, savedAt, type State } from "../../page/lab/state.ts";
import { verdictOf } from "../../page/lab/verdict.ts";
import type { Begun, Told, Wish } from "../../page/worker/protocol.ts";
import { findingsOf } from "../../report/findings.ts";
import { resultsOf } from "../../runs/results.ts";
import type { Shown } from "../../runs/events.ts";
import { fakeLab } from "./fake-lab.ts";

const WISH: Wish = {
  ...{ experiment: "digits", device: "auto" },
  asked: { arms: ["plain", "weight"], seeds: [1, 2] },
};

/** A whole training as it is told. */
async function trained(): Promise<{ readonly begun: Begun; readonly told: readonly Told[] }> {
  const told: Told[] = [];
  const lab = fakeLab((what) => told.push(what));
  const begun = await lab.begin(WISH, { anew: false });
  for (let i = 0; i < 2; i++) await lab.advance("turn");
  return { begun, told };
}
const eventsIn = (told: readonly Told[]): readonly Shown[] =>
  told.flatMap((what) => (what.type === "events" ? what.events : []));
const after = (state: State, told: readonly Told[]): State =>
  told.reduce((now, what) => reduce(now, { type: "told", told: what }), state);

async function shown(): Promise<State & { readonly race: Race }> {
  const { begun, told } = await trained();
  const state = after(reduce(FIRST, { type: "begun", wish: WISH, begun }), told);
  return { ...state, race: state.race! };
}

test("a race is the same whether its events came at once or one by one, or were kept", async () => {
  const { begun, told } = await trained();
  const events = eventsIn(told);
  const first = reduce(FIRST, { type: "begun", wish: WISH, begun });
  const each = after(
    first,
    events.map((event) => ({ type: "events", events: [event] })),
  );
  const once = after(first, [{ type: "events", events }]);
  expect(each.race).toEqual(once.race);
  const kept = events.filter((e) => e.type !== "stepped");
  const resumed = raceOf({ ...begun, events: [...begun.events, ...kept] });
  expect(resumed.runners.map(({ record }) => record)).toEqual(
    once.race!.runners.map(({ record }) => record),
  );
});

test("records so far are those of the report, and so is the verdict", async () => {
  const { race } = await shown();
  expect(isOver(race)).toBe(true);
  const { experiment, config, command, startedAt, changes } = race.run;
  const compared = { experiment, config, command, startedAt, changes, settings: {} };
  const results = resultsOf(compared, race.events, "test");
  expect(resultsSoFar(race)!.arms).toEqual(results.arms);
  expect(verdictOf(race)).toEqual(findingsOf(results));
});

test("nobody won as long as somebody runs; who leads is told by the last test that all have had", async () => {
  const { begun, told } = await trained();
  const events = eventsIn(told);
  const early = raceOf({ ...begun, events: begun.events });
  expect([verdictOf(early), leadOf(early)]).toEqual([undefined, undefined]);
  const tests = events.filter((e) => e.type === "measured");
  const [first] = tests;
  const only = raceOf({ ...begun, events: [...begun.events, first] });
  expect(leadOf(only)).toBeUndefined(); // the others had none yet
  const all = raceOf({
    ...begun,
    events: [...begun.events, ...tests.filter(({ at }) => at === 1)],
  });
  const best = Math.min(...tests.filter(({ at }) => at === 1).map(({ test: t }) => t["error"]!));
  expect(leadOf(all)).toMatchObject({ score: best, at: 1 });
});

test("a run that diverged is out of the race, and its records are of no curve", async () => {
  const { race } = await shown();
  const [{ key }] = race.runners;
  const told: Told = {
    type: "events",
    events: [{ ...key, type: "lost", step: 7, why: "its loss is no number" }],
  };
  const state = after(await shown(), [told]);
  expect(state.race!.runners[0].lost).toBe("its loss is no number");
  expect(resultsSoFar(state.race!)!.arms.plain!.runs).toHaveLength(1);
});

test("speed is read from steps of late, and what is left from the steps to come", async () => {
  const { begun } = await trained();
  const stepped = (step: number, wall: number): readonly Shown[] =>
    begun.keys.map((key) => ({ ...key, type: "stepped", step, steps: 100, wall, values: {} }));
  const first = reduce(FIRST, { type: "begun", wish: WISH, begun });
  const { race } = after(first, [
    { type: "events", events: [...stepped(10, 1), ...stepped(20, 3)] },
  ]);
  expect(paceOf(race!)).toEqual({ secondsAStep: 0.2, left: 0.2 * 80 * begun.keys.length });
});

test("controls that were turned ask for another training, and files that are missing are named", async () => {
  const lab = fakeLab(() => undefined);
  const state = await shown();
  expect(isTurned(state)).toBe(false);
  const wish = { ...WISH, asked: { ...WISH.asked, epochs: 3 } };
  expect(isTurned(reduce(state, { type: "wish", wish }))).toBe(true);
  const same = { ...WISH, asked: { seeds: [1, 2], arms: WISH.asked.arms! } };
  expect(isTurned(reduce(state, { type: "wish", wish: same }))).toBe(false);
  const own: Wish = { experiment: "table", asked: {}, device: "auto" };
  const asking = reduce(FIRST, { type: "wish", wish: own, offer: await lab.offer(own) });
  expect(missing(asking)).toEqual(["table of yours"]);
  expect(missing(reduce(asking, { type: "given", place: "data", names: ["a.csv"] }))).toEqual([]);
  const places = asking.offer!.places.map((place) => ({ ...place, needed: false }));
  expect(missing({ ...asking, offer: { ...asking.offer!, places } })).toEqual([]);
});

test("a failure is shown whole, news of data until others are prepared, and saved steps make looks anew", async () => {
  const state = await shown();
  const failed = after(state, [
    { type: "said", line: "3 rows have no label" },
    { type: "said", line: "3 rows have no label" },
    {
      type: "phase",
      phase: { is: "failed", message: "memory: expected 1 GiB, got less; close tabs", lost: false },
    },
  ]);
  expect(failed.said).toEqual(["3 rows have no label"]);
  expect(failed.trouble!.message).toBe("memory: expected 1 GiB, got less; close tabs");
  expect(after(failed, [{ type: "phase", phase: { is: "preparing" } }]).said).toEqual([]);
  const later = after(state, [{ type: "saved", steps: { "weight-1": 10_000 } }]);
  expect(savedAt(later)).toBeGreaterThan(savedAt(state));
});
