/** Which runs a list shows and what stands side by side, as plain functions of what the server told. */
import { describe, expect, test } from "vitest";
import { measureTables, paneRows, settingRows } from "../../page/runs/beside.ts";
import { bestOf, differing, doneOf, filtered, shortened, sorted } from "../../page/runs/choose.ts";
import { listAfter, NO_LIST, NO_RUN, runAfter } from "../../page/runs/told.ts";
import { MOST_COMPARED, readView, searchOf, type View } from "../../page/runs/view.ts";
import { recordsOf } from "../../page/shared/curves.ts";
import type { RunSummary } from "../../serve/api.ts";
import { sampleAgents, sampleResults } from "../report/sample.ts";
import { madeUp, upTo } from "./made-up.ts";

const like = madeUp("a", { seeds: 1 }).summary;
const run = (id: string, rest: Partial<RunSummary> = {}): RunSummary => ({ ...like, id, ...rest });
const ids = (runs: readonly RunSummary[]): string => runs.map(({ id }) => id).join(" ");
const all = { query: "", state: undefined, experiment: undefined, arm: undefined };

describe("an address", () => {
  test("says the view, all of it", () => {
    const view: View = {
      ...{ runs: ["a/b", "c d&e"], marked: ["x"], query: "lr 0.1 <b>", state: "running" },
      ...{ experiment: "draw", arm: "weight+mean-only", sort: "best", page: 3 },
    };
    expect(readView(searchOf(view))).toEqual(view);
    expect(searchOf(readView(""))).toBe("?");
  });
  test("that nobody would write is read as far as it makes sense", () => {
    const search = `?state=lost&arm=x&sort=1&page=-4&${"run=a&run=b&".repeat(3)}run=c&run=d&run=e`;
    expect(readView(search)).toEqual({ ...readView(""), runs: ["a", "b", "c", "d"] });
    expect(readView(search).runs).toHaveLength(MOST_COMPARED);
  });
});

describe("a list", () => {
  const runs = [
    run("first", { startedAt: "2030-01-01", settings: [{ name: "epochs", value: "5" }] }),
    run("second/Fast", { startedAt: "2030-01-03", state: "running" }),
    run("third", { startedAt: "2030-01-02", experiment: "other", runs: [like.runs[1]] }),
  ];
  test("is searched by every word, in names, settings and commands", () => {
    expect(ids(filtered(runs, { ...all, query: "FAST second" }))).toBe("second/Fast");
    expect(ids(filtered(runs, { ...all, query: "epochs 5" }))).toBe("first");
    expect(ids(filtered(runs, { ...all, query: "nowhere" }))).toBe("");
  });
  test("is filtered by state, experiment and arm", () => {
    expect(ids(filtered(runs, { ...all, state: "running" }))).toBe("second/Fast");
    expect(ids(filtered(runs, { ...all, experiment: "other" }))).toBe("third");
    expect(ids(filtered(runs, { ...all, arm: "plain" }))).toBe("first second/Fast");
  });
  test("is sorted by when, by name and by what came of it", () => {
    expect(ids(sorted(runs, "newest"))).toBe("second/Fast third first");
    expect(ids(sorted(runs, "name"))).toBe("first second/Fast third");
    const measured = [0.03, 0.01, 0.02].map((error, i) =>
      run(`run${i}`, { runs: [{ ...like.runs[0], test: { error } }] }),
    );
    const untested = run("none", { runs: [] });
    expect(ids(sorted([untested, ...measured], "best"))).toBe("run1 run2 run0 none");
  });
  test("tells of the best arm's mean over its seeds, lost runs apart", () => {
    const of = (arm: "plain" | "weight", seed: number, error: number, lost = false) => ({
      ...{ arm, seed, lr: 1, name: `${arm}-${seed}`, step: 1, steps: 2, test: { error }, lost },
    });
    const tests = [of("plain", 1, 0.01), of("plain", 2, 0.05), of("weight", 1, 0.02)];
    const best = bestOf(run("x", { runs: [...tests, of("weight", 2, 0.001, true)] }));
    expect(best).toEqual({ arm: "weight", value: 0.02, text: "2.00%" });
    expect(doneOf(run("x", { runs: tests }))).toBe(0.5);
    expect(bestOf(run("x", { runs: [] }))).toBeUndefined();
  });
  test("names the settings that runs of one experiment differ in", () => {
    const told = (value: string) => [
      { name: "epochs", value },
      { name: "same", value: "1" },
    ];
    const names = differing([
      ...["1", "2", "2"].map((value, i) => run(`x${i}`, { settings: told(value) })),
      run("other", { experiment: "other", settings: told("9") }),
      run("lacks", { settings: told("2").slice(1) }),
    ]);
    expect([...names.get(like.experiment)!]).toEqual(["epochs"]);
    expect([...names.get("other")!]).toEqual([]);
  });
  test("follows what it is told", () => {
    const message = { type: "runs", folder: "f", runs: [run("a"), run("b")], reading: 3 } as const;
    const list = listAfter(NO_LIST, [message]);
    expect(list.reading).toBe(3);
    const changed = listAfter(list, [{ type: "run", run: run("a", { state: "stopped" }) }]);
    expect([...changed.runs.values()].map(({ state }) => state)).toEqual(["stopped", "finished"]);
    expect([...listAfter(changed, [{ type: "gone", id: "a" }]).runs.keys()]).toEqual(["b"]);
  });
  test("counts down those that are still to be read, and no run twice", () => {
    const first = listAfter(NO_LIST, [{ type: "runs", folder: "x", runs: [run("a")], reading: 1 }]);
    expect(listAfter(first, [{ type: "run", run: run("a") }]).reading).toBe(1);
    const second = listAfter(first, [{ type: "run", run: run("b") }]);
    expect(second.reading).toBe(0);
    expect(listAfter(second, [{ type: "run", run: run("c") }]).reading).toBe(0);
  });
  test("cuts names that no line has room for in their middle", () => {
    expect(shortened("short")).toBe("short");
    expect(shortened(`${"a".repeat(5000)}${"z".repeat(5000)}`, 10)).toBe("aaaaa\u2026zzzzz");
  });
});

describe("records of a run under way", () => {
  const made = madeUp("x", { arms: ["plain", "weight"], seeds: 1, epochs: 4 });
  test("go as far as each run has got; cut, as far as all have been tested", () => {
    const events = upTo(made, 1500).filter(
      (e) => !("step" in e && e.arm === "weight" && e.step > 700),
    );
    const results = recordsOf(made.compared, events)!;
    expect(results.arms.plain!.runs[0].points.at(-1)!.at).toBe(2.5);
    expect(results.soFar!.at).toBeCloseTo(700 / 600, 1);
    expect(results.soFar!.of).toBe(4);
    const fair = recordsOf(made.compared, events, { cut: true })!;
    expect(fair.arms.plain!.runs[0].points.at(-1)!.at).toBe(1);
    expect(recordsOf(made.compared, upTo(made, 300), { cut: true })).toBeUndefined();
    expect(recordsOf(made.compared, [])).toBeUndefined();
  });
  test("when it is over are whole, with the settings that were told", () => {
    const settings = [{ name: "batch size", value: "100 images" }];
    const results = recordsOf(made.compared, [...made.events, ...made.ends], { settings })!;
    expect(results.soFar).toBeUndefined();
    expect(results.settings).toEqual(settings);
  });
  test("that begins anew, as after it was killed, forgets what was not kept", () => {
    const begun = { type: "begun", run: made.summary, compared: made.compared } as const;
    const before = runAfter(NO_RUN, [{ ...begun, events: upTo(made, 1500) }]);
    const more = runAfter(before, [{ type: "events", events: made.ends }]);
    expect(more.events).toHaveLength(before.events.length + made.ends.length);
    expect(runAfter(more, [{ ...begun, events: upTo(made, 900) }]).events).toEqual(upTo(made, 900));
  });
});

describe("side by side", () => {
  const [short, long] = [2, 8].map((epochs) => sampleResults({ epochs, seeds: 1 }));
  test("panels of a title have the same axes", () => {
    const rows = paneRows([short, long, undefined]);
    expect(rows.map(({ title }) => title)).toContain("Test error by training time");
    for (const { panes } of rows) {
      expect(panes[0]!.x).toEqual(panes[1]!.x);
      expect(panes[0]!.y).toEqual(panes[1]!.y);
      expect(panes[2]).toBeUndefined();
    }
    const alone = paneRows([short])[0].panes[0]!;
    expect(alone.x.domain[1]).toBeLessThan(rows[0].panes[0]!.x.domain[1]);
  });
  test("different experiments have rows of their own", () => {
    const rows = paneRows([short, sampleAgents({ plain: [5] })]);
    expect(rows.every(({ panes }) => panes.filter(Boolean).length === 1)).toBe(true);
  });
  test("measures are arms by runs, the best beyond chance marked", () => {
    const last = (plain: number, weight?: number) =>
      sampleResults({
        last: { plain: [plain], ...(weight === undefined ? {} : { weight: [weight] }) },
      });
    const [table] = measureTables([last(0.05, 0.01), last(0.01), undefined]);
    expect(table.head).toBe("test error %");
    expect(table.rows).toEqual([
      {
        arm: "plain",
        cells: [
          { text: "5.00", isBest: false },
          { text: "1.00", isBest: true },
          { text: "\u2013", isBest: false },
        ],
      },
      expect.objectContaining({ arm: "weight" }),
    ]);
  });
  test("settings are those that differ", () => {
    const told = (value: string) => [
      { name: "epochs", value },
      { name: "same", value: "1" },
    ];
    expect(settingRows([told("5"), told("6"), []])).toEqual([
      { name: "epochs", values: ["5", "6", "\u2013"] },
      { name: "same", values: ["1", "1", "\u2013"] },
    ]);
    expect(settingRows([told("5"), told("5")])).toEqual([]);
  });
});
