/** What one sees of training, event by event: lines where nobody watches, bars on a terminal. */
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { display, type Display } from "../../cli/display.ts";
import type { Arm } from "../../src/index.ts";
import type { Happening, Opened, RunKey, Values } from "../../runs/events.ts";
import type { Sheet } from "../../runs/records.ts";

/** Fake timers move the clock, too. */
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const COLUMNS = 110;
interface Screen {
  readonly stream: NodeJS.WriteStream;
  /** What was written since it was last asked for, as lines without what moves a cursor. */
  said(): readonly string[];
}
function screen(isTTY: boolean): Screen {
  let written = "";
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      written += chunk.toString();
      done();
    },
  });
  return {
    stream: Object.assign(stream, { isTTY, columns: COLUMNS, rows: 24 }) as never,
    said() {
      // What moves cursors and hides them.
      const text = written.replaceAll(/\x1b(\[[\d;?]*[A-Za-z]|7|8)/g, "\n");
      written = "";
      return text
        .split("\n")
        .map((line) => line.trimEnd())
        .filter((line) => line !== "");
    },
  };
}

const classes: Sheet = {
  axis: { name: "epoch", per: 1 },
  measures: [{ key: "error", unit: "%", scale: 100, digits: 2, better: "lower" }],
  panels: [],
  table: [],
  layers: [],
  work: { unit: "images", perStep: 100, step: "steps" },
  tested: { count: 10_000, unit: "test images" },
  pictures: "",
  notes: {},
};
const games: Sheet = {
  ...classes,
  axis: { name: "frame", per: 1000 },
  measures: [{ key: "return", unit: "points", scale: 1, digits: 2, better: "higher" }],
  work: { unit: "frames", perStep: 1, step: "updates" },
};
const key = (arm: Arm): RunKey => ({ arm, seed: 1, lr: 0.001 });
/** Runs of 600 steps each, by how many of these are done. */
const opened = (done: Readonly<Partial<Record<Arm, number>>>, sheet = classes): Opened => ({
  type: "opened",
  time: "2026-01-01T00:00:00.000Z",
  machine: { cpu: "", cores: 2, memoryGiB: 8, platform: "", node: "", runtime: "" },
  facts: [],
  sheet,
  runs: Object.entries(done).map(([arm, step]) => ({
    ...{ ...key(arm as Arm), name: `${arm}-1` },
    ...{ step, steps: 600 },
  })),
});
const happens = (to: Display, arm: Arm, happening: Happening): void =>
  to.show({ ...key(arm), ...happening });
const steps = (to: Display, arm: Arm, step: number, wall: number, values: Values): void =>
  to.show({ ...key(arm), type: "stepped", step, steps: 600, wall, values });
const endOfEpoch = (epoch: number, error: number): Happening => ({
  ...{ type: "measured", step: 100 * epoch, at: epoch, seconds: epoch },
  ...{ test: { error }, train: { loss: 1 / epoch, error: 0.5 } },
});

describe("lines", () => {
  const begin = (first: Opened): { readonly to: Display; readonly said: Screen["said"] } => {
    const { stream, said } = screen(false);
    const to = display({ quiet: false, stream });
    to.show(first);
    return { to, said };
  };

  test("one at the end of a turn, with the pace lately and the time that is left", () => {
    const { to, said } = begin(opened({ plain: 0, weight: 0 }));
    expect(said()).toEqual([]);
    steps(to, "plain", 20, 10, { loss: 2 });
    steps(to, "plain", 100, 20, { loss: 1.5 }); // 8 steps of 100 images a second
    expect(said()).toEqual([]);
    happens(to, "plain", endOfEpoch(1, 0.0345));
    expect(said()).toEqual([
      "plain-1: step 100/600, epoch 1, training loss 1.0000, test error 3.45%, 800 images/s, 1m03s left",
    ]);
    happens(to, "weight", endOfEpoch(1, 0.02)); // of which no pace is known
    expect(said()).toEqual([
      "weight-1: step 100/600, epoch 1, training loss 1.0000, test error 2.00%",
    ]);
  });

  test("none for tests within a turn, for points, or for what is measured once", () => {
    const { to, said } = begin(opened({ plain: 0 }));
    const [step, at, seconds] = [50, 0.5, 1];
    happens(to, "plain", { type: "measured", step, at, seconds, test: { error: 0.1 } });
    const values = { loss: 1 };
    happens(to, "plain", { type: "point", step, at, seconds, values, layers: [] });
    happens(to, "plain", { type: "exhibited", step, measured: {}, pictures: [] });
    const timing = { perSecond: 1, milliseconds: null };
    happens(to, "plain", { type: "finished", step, parameters: 1, timing, wall: 1 });
    expect(said()).toEqual([]);
  });

  test("one every ten seconds of a long turn", () => {
    const { to, said } = begin(opened({ plain: 0 }));
    steps(to, "plain", 10, 1, { loss: 2 });
    vi.advanceTimersByTime(9999);
    steps(to, "plain", 20, 2, { loss: 1.75 });
    expect(said()).toEqual([]);
    vi.advanceTimersByTime(1);
    steps(to, "plain", 30, 3, { loss: 1.5 });
    expect(said()).toEqual(["plain-1: step 30/600, training loss 1.5000, 1000 images/s, 57s left"]);
    steps(to, "plain", 40, 4, { loss: 1.25 });
    expect(said()).toEqual([]);
  });

  test("where the axis counts steps, these have its name and are not said twice", () => {
    const { to, said } = begin(opened({ plain: 0 }, games));
    happens(to, "plain", {
      ...{ type: "measured", step: 30, at: 30, seconds: 1 },
      ...{ test: { return: 1.5 }, train: { return: null, loss: 0.25 } },
    });
    expect(said()).toEqual([
      "plain-1: frame 30/600, training loss 0.25000, test return 1.50 points",
    ]);
  });

  test("of runs that go on, where", () => {
    expect(begin(opened({ plain: 100, weight: 0 })).said()).toEqual([
      "plain-1: goes on at step 100 of 600",
    ]);
    expect(begin(opened({ plain: 600 }, games)).said()).toEqual([
      "plain-1: goes on at frame 600 of 600",
    ]);
  });

  test("of units that do not vary, by layer", () => {
    const { to, said } = begin(opened({ plain: 0 }));
    happens(to, "plain", { type: "initialized", step: 0, dead: { conv1: 0, dense1: 3 } });
    expect(said()).toEqual([
      "plain-1: 3 units of dense1 do not vary on the initialization batch and keep their scale",
    ]);
  });

  test("of a run that is lost, once, and that others go on where some do", () => {
    const { to, said } = begin(opened({ plain: 0, weight: 0 }));
    happens(to, "plain", { type: "lost", step: 7, why: "the loss is NaN" });
    expect(said()).toEqual(["plain-1: diverged after step 7, the others go on"]);
    happens(to, "weight", { type: "lost", step: 8, why: "the loss is NaN" });
    expect(said()).toEqual(["weight-1: diverged after step 8"]);
    to.stop();
    expect(said()).toEqual([]);
  });

  test("a single run that is lost is out of no race: the error says it", () => {
    const { to, said } = begin(opened({ plain: 0 }));
    happens(to, "plain", { type: "lost", step: 7, why: "the loss is NaN" });
    expect(said()).toEqual([]);
  });

  test("nothing of what was before this process, or of nobody's", () => {
    const { to, said } = begin(opened({ plain: 0 }));
    happens(to, "batch", endOfEpoch(1, 0.1));
    const [time, from, note] = ["2026-01-01T00:00:00.000Z", 1, ""];
    to.show({ type: "changed", time, setting: "epochs", from, to: 2, note, steps: {} });
    expect(said()).toEqual([]);
  });
});

describe("bars", () => {
  /** The last picture that was drawn: a line a run. */
  const drawn = ({ said }: Screen): readonly string[] => {
    vi.advanceTimersByTime(200); // eight times a second
    return said().slice(-2);
  };

  test("one a run, with its share done, loss, test, pace and time left", () => {
    const terminal = screen(true);
    const to = display({ quiet: false, stream: terminal.stream });
    to.show(opened({ plain: 0, "weight+mean-only": 0 }));
    steps(to, "plain", 60, 10, { loss: 2 });
    steps(to, "plain", 150, 20, { loss: 1.5 });
    happens(to, "plain", endOfEpoch(1, 0.0345));
    steps(to, "plain", 300, 30, { loss: 1.25 });
    const [plain, other] = drawn(terminal);
    expect(plain).toMatch(
      /^plain-1 {12}[█░]{20} 50% {2} {3}25s left {2}test error 3\.45% {2}training loss 1\.2500 {4}1200 images\/s$/,
    );
    expect(plain.match(/█/g)).toHaveLength(10);
    expect(other).toMatch(/^weight\+mean-only-1 ░{20} 0% +- left .* - images\/s$/);
    to.stop();
  });

  test("what else is to be said stands above them, once", () => {
    const terminal = screen(true);
    const to = display({ quiet: false, stream: terminal.stream });
    to.show(opened({ plain: 300, weight: 0 }));
    expect(terminal.said()[0]).toBe("plain-1: goes on at step 300 of 600");
    const [plain] = drawn(terminal);
    expect(plain).toContain("50%");
    happens(to, "plain", { type: "lost", step: 310, why: "the loss is NaN" });
    vi.advanceTimersByTime(1000);
    const said = terminal.said();
    expect(said.filter((line) => line.includes("diverged"))).toEqual([
      "plain-1: diverged after step 310, the others go on",
    ]);
    happens(to, "weight", endOfEpoch(1, 0.1)); // no line of its own
    vi.advanceTimersByTime(1000);
    expect(terminal.said().filter((line) => line.includes("epoch 1"))).toEqual([]);
    to.stop();
  });

  test("are left standing when they stop, and lines follow", () => {
    const terminal = screen(true);
    const to = display({ quiet: false, stream: terminal.stream });
    to.show(opened({ plain: 0 }));
    steps(to, "plain", 600, 10, { loss: 1 });
    to.stop();
    expect(terminal.said().at(-1)).toMatch(/^plain-1 █{20} 100%/);
    vi.advanceTimersByTime(1000);
    expect(terminal.said()).toEqual([]);
  });
});

describe("long work", () => {
  test("is a line after a second, and every ten", () => {
    const { stream, said } = screen(false);
    const { progress, stop } = display({ quiet: false, stream });
    progress("downloading", 0);
    progress("downloading", 0.5);
    expect(said()).toEqual([]); // what takes no time needs no words
    vi.advanceTimersByTime(2000);
    progress("downloading", 0.5);
    expect(said()).toEqual(["downloading: 50%, 2s left"]);
    vi.advanceTimersByTime(9000);
    progress("downloading", 0.6);
    expect(said()).toEqual([]);
    vi.advanceTimersByTime(1000);
    progress("downloading", 0.8);
    expect(said()).toEqual(["downloading: 80%, 3s left"]);
    progress("fitting", 0.25); // which begins anew
    vi.advanceTimersByTime(3000);
    progress("fitting", 0.5);
    expect(said()).toEqual(["fitting: 50%, 6s left"]);
    stop();
  });

  test("is a bar on a terminal, in place of those of runs", () => {
    const terminal = screen(true);
    const to = display({ quiet: false, stream: terminal.stream });
    to.show(opened({ plain: 600 }));
    to.progress("plain-1: pictures", 0);
    vi.advanceTimersByTime(1000);
    to.progress("plain-1: pictures", 0.5);
    vi.advanceTimersByTime(1000);
    expect(terminal.said().at(-1)).toMatch(/^plain-1: pictures [█░]{20} 50% {2}\d+s left$/);
    happens(to, "plain", endOfEpoch(6, 0.1)); // there are no bars of runs any more
    expect(terminal.said().join("\n")).toContain("plain-1: step 600/600, epoch 6");
    to.stop();
    vi.advanceTimersByTime(1000);
    expect(terminal.said()).toEqual([]);
  });
});

test("where nobody wants to see it there is nothing", () => {
  const { stream, said } = screen(true);
  const to = display({ quiet: true, stream });
  to.show(opened({ plain: 10 }));
  happens(to, "plain", endOfEpoch(1, 0.1));
  to.progress("downloading", 0.5);
  vi.advanceTimersByTime(60_000);
  to.stop();
  expect(said()).toEqual([]);
});
