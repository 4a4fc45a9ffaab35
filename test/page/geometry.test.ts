/** Where things stand in a panel: shares, paths, marks and what is read off, as numbers. */
import { describe, expect, test } from "vitest";
import {
  endsOf,
  linesOf,
  markOf,
  pathOf,
  readAt,
  shareOf,
  stopAfter,
  stopsOf,
  valueAt,
  type Frame,
} from "../../page/shared/geometry.ts";
import { linearAxis, logAxis } from "../../report/axis.ts";
import { panelLines, type Point } from "../../report/curves.ts";
import { panesOf } from "../../report/panes.ts";
import { ARM_STYLE } from "../../report/theme.ts";
import { ARMS } from "../../runs/records.ts";
import { sampleResults } from "../report/sample.ts";

const point = (at: number, y: number, rest: Partial<Point> = {}): Point => ({
  ...{ arm: "plain", line: 0, at, seconds: 10 * at, y, marked: false },
  ...rest,
});
const frame: Frame = {
  xField: "at",
  x: linearAxis("epoch", [0, 4]),
  y: { ...logAxis("loss (log)", [1, 100]), domain: [1, 100] },
};

describe("along an axis", () => {
  test("shares are those of the domain, and values those of shares", () => {
    expect(shareOf(frame.x, 1)).toBe(0.25);
    expect(shareOf(frame.y, 10)).toBeCloseTo(0.5, 12);
    for (const axis of [frame.x, frame.y])
      for (const share of [0, 0.3, 1])
        expect(shareOf(axis, valueAt(axis, share))).toBeCloseTo(share);
  });
  test("a logarithm has no place for 0 and what lies below", () => {
    expect([0, -1].map((value) => shareOf(frame.y, value))).toEqual([NaN, NaN]);
  });
});

describe("paths", () => {
  test("go down where values fall", () => {
    expect(pathOf([point(0, 100), point(2, 10), point(4, 1)], frame)).toBe(
      "M0,0L500,500L1000,1000",
    );
  });
  test("by seconds stand where seconds are", () => {
    const bySeconds: Frame = { ...frame, xField: "seconds", x: linearAxis("s", [0, 80]) };
    expect(pathOf([point(0, 100), point(4, 1)], bySeconds)).toBe("M0,0L500,1000");
  });
  test("leave out what has no place, and are nothing where nothing has", () => {
    const points = [point(0, 100), point(1, 0), point(2, NaN), point(4, 1)];
    expect(pathOf(points, frame)).toBe("M0,0L1000,1000");
    expect(pathOf([point(1, -1)], frame)).toBe("");
  });
  test("of a whole figure lie within its panels", () => {
    for (const pane of panesOf(sampleResults()))
      for (const { points } of linesOf(pane.points))
        for (const coordinate of pathOf(points, pane).match(/-?[\d.]+/g)!)
          expect(Number(coordinate)).toSatisfy((x: number) => x >= -0.1 && x <= 1000.1);
  });
});

test("lines are arms and seeds, the means last, so that they lie on top", () => {
  const results = sampleResults({ arms: ["plain", "weight"], seeds: 2 });
  const points = panelLines(results, results.sheet.panels[0]);
  const lines = linesOf(points);
  expect(lines.map(({ arm, line }) => `${arm} ${line}`)).toEqual([
    ...["plain 1", "plain 2", "weight 1", "weight 2"],
    ...["plain 0", "weight 0"],
  ]);
  expect(lines.flatMap((line) => line.points)).toHaveLength(points.length);
});

test("marks are as large as figures have them, and all different", () => {
  const marks = ARMS.map(markOf);
  expect(new Set(marks).size).toBe(ARMS.length);
  for (const [i, arm] of ARMS.entries()) {
    const most = Math.max(...marks[i].match(/[\d.]+/g)!.map(Number));
    expect(most).toBeCloseTo(Math.sqrt(ARM_STYLE[arm].size) / 2, 1);
  }
});

describe("reading off", () => {
  const lines = linesOf([
    ...[point(1, 10), point(2, 5), point(3, 4)],
    ...[point(1, 20, { arm: "weight" }), point(2, 7, { arm: "weight" })],
    point(1.5, 99, { line: 1 }),
  ]);
  test("a cursor stands where means have points", () => {
    expect(stopsOf(lines, "at")).toEqual([1, 2, 3]);
    expect(stopsOf(lines, "seconds")).toEqual([10, 20, 30]);
  });
  test("gives the nearest point of each mean, and nothing of an arm that ended before", () => {
    const read = (at: number) => readAt(lines, frame, at).map(({ arm, y }) => [arm, y]);
    expect(read(1.9)).toEqual([
      ["plain", 5],
      ["weight", 7],
    ]);
    expect(read(3)).toEqual([["plain", 4]]);
    expect(endsOf(lines).map(({ y }) => y)).toEqual([4, 7]);
  });
  test("keys go from stop to stop and not beyond", () => {
    const stops = [1, 2, 3];
    const after = (key: string, at: number) => stopAfter(key, stops, at);
    expect(after("ArrowRight", 1)).toBe(2);
    expect(after("ArrowRight", 3)).toBe(3);
    expect(after("ArrowLeft", 1)).toBe(1);
    expect([after("Home", 2), after("End", 2), after("PageDown", 3)]).toEqual([1, 3, 1]);
    expect(after("a", 2)).toBeUndefined();
  });
});
