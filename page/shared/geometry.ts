/** Where things stand in a panel, as numbers: shares of its width and height, paths of its lines, marks of its arms, what is read off. */
import type { Axis } from "../../report/axis.ts";
import type { Point } from "../../report/curves.ts";
import { ARM_STYLE } from "../../report/theme.ts";
import type { Arm } from "../../runs/records.ts";

/** How far along an axis a value lies, from 0 to 1 within its domain; NaN for what it has no place for. */
export function shareOf({ type, domain: [low, high] }: Axis, value: number): number {
  if (type === "linear") return (value - low) / (high - low);
  return value > 0 ? Math.log(value / low) / Math.log(high / low) : NaN;
}

/** The value at such a share. */
export const valueAt = ({ type, domain: [low, high] }: Axis, share: number): number =>
  type === "linear" ? low + share * (high - low) : low * (high / low) ** share;

/** One line of a panel: an arm's mean, or one of its seeds. */
export interface Line {
  readonly arm: Arm;
  /** 0 is the mean. */
  readonly line: number;
  readonly points: readonly Point[];
}

/** Points as lines: seeds first, so that means lie on them. */
export function linesOf(points: readonly Point[]): readonly Line[] {
  const lines = new Map<string, Point[]>();
  for (const point of points) {
    const name = `${point.arm} ${point.line}`;
    const known = lines.get(name);
    if (known) known.push(point);
    else lines.set(name, [point]);
  }
  const all = [...lines.values()].map((own) => ({ ...keyOf(own[0]), points: own }));
  return [...all.filter(({ line }) => line > 0), ...all.filter(({ line }) => line === 0)];
}
const keyOf = ({ arm, line }: Point): Pick<Line, "arm" | "line"> => ({ arm, line });

/** What a panel is drawn by. */
export interface Frame {
  readonly xField: "at" | "seconds";
  readonly x: Axis;
  readonly y: Axis;
}

/** The side of the square that paths are in: y goes down, and the square is stretched to the panel. */
export const SIDE = 1000;

/** A line as the path of an SVG; a point without a place is left out. */
export function pathOf(points: readonly Point[], { xField, x, y }: Frame): string {
  let path = "";
  for (const point of points) {
    const [left, up] = [shareOf(x, point[xField]), shareOf(y, point.y)];
    if (!Number.isFinite(left) || !Number.isFinite(up)) continue;
    path += `${path === "" ? "M" : "L"}${tenth(SIDE * left)},${tenth(SIDE * (1 - up))}`;
  }
  return path;
}
const tenth = (x: number): number => Math.round(10 * x) / 10;

/** An arm's mark as figures have it, in pixels around 0, as large as Vega draws it. */
export function markOf(arm: Arm): string {
  const { shape, size } = ARM_STYLE[arm];
  const r = Math.round(50 * Math.sqrt(size)) / 100;
  const h = Math.round(100 * r * (Math.sqrt(3) / 2)) / 100;
  switch (shape) {
    case "circle":
      return `M${r},0A${r},${r} 0 1 1 ${-r},0A${r},${r} 0 1 1 ${r},0Z`;
    case "square":
      return `M${-r},${-r}H${r}V${r}H${-r}Z`;
    case "triangle-up":
      return `M0,${-h}L${-r},${h}H${r}Z`;
    case "diamond":
      return `M${-r},0L0,${-r}L${r},0L0,${r}Z`;
    case "triangle-down":
      return `M0,${h}L${-r},${-h}H${r}Z`;
  }
}

/** Where a cursor may stand: wherever the mean of any arm has a point, once each. */
export const stopsOf = (lines: readonly Line[], xField: "at" | "seconds"): readonly number[] =>
  [
    ...new Set(
      lines.filter(({ line }) => line === 0).flatMap(({ points }) => points.map((p) => p[xField])),
    ),
  ].toSorted((a, b) => a - b);

/** A line's end is read off up to this share of the panel beyond it. */
const REACH = 0.03;

/** What the means of the arms are at a place: their nearest points, those that are near. */
export function readAt(lines: readonly Line[], { xField, x }: Frame, at: number): readonly Point[] {
  const reach = REACH * (x.domain[1] - x.domain[0]);
  return lines
    .filter(({ line }) => line === 0)
    .flatMap(({ points }) => {
      const nearest = points.reduce((a, b) =>
        Math.abs(b[xField] - at) < Math.abs(a[xField] - at) ? b : a,
      );
      const isWithin = at >= points[0][xField] && at <= points[points.length - 1][xField];
      return isWithin || Math.abs(nearest[xField] - at) <= reach ? [nearest] : [];
    });
}

/** What the arms ended with. */
export const endsOf = (lines: readonly Line[]): readonly Point[] =>
  lines.filter(({ line }) => line === 0).map(({ points }) => points[points.length - 1]);

/** So many stops a page key. */
const PAGE = 10;

/** Where a key leads, from a stop; undefined for other keys. */
export function stopAfter(key: string, stops: readonly number[], at: number): number | undefined {
  const here = stops.indexOf(nearestOf(stops, at));
  const next = new Map<string, number>([
    ...(["ArrowLeft", "ArrowDown"] as const).map((name) => [name, here - 1] as const),
    ...(["ArrowRight", "ArrowUp"] as const).map((name) => [name, here + 1] as const),
    ...([
      ["PageDown", here - PAGE],
      ["PageUp", here + PAGE],
    ] as const),
    ...([
      ["Home", 0],
      ["End", stops.length - 1],
    ] as const),
  ]).get(key);
  return next === undefined ? undefined : stops[Math.min(stops.length - 1, Math.max(0, next))];
}

export const nearestOf = (stops: readonly number[], at: number): number =>
  stops.reduce((a, b) => (Math.abs(b - at) < Math.abs(a - at) ? b : a));
