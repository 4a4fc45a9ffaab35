/** One panel of curves as SVG: the report's lines, axes, colours and marks, drawn anew as events come. */
import { useMemo } from "preact/hooks";
import type { Axis } from "../../report/axis.ts";
import type { Point } from "../../report/curves.ts";
import { Cursor } from "./cursor.tsx";
import { linesOf, markOf, pathOf, shareOf, SIDE, type Frame, type Line } from "./geometry.ts";
import { armClass } from "./theme.ts";

export interface ChartProps {
  readonly title: string;
  readonly points: readonly Point[];
  readonly xField: "at" | "seconds";
  readonly x: Axis;
  readonly y: Axis;
  /** Dashed lines across. */
  readonly goals?: readonly Goal[];
  /** Of a row of many. */
  readonly small?: boolean;
}
interface Goal {
  readonly y: number;
  readonly text: string;
  readonly dash?: readonly number[];
}

/** Everything stands by shares of the panel's size, so that it may have any width and nothing is measured. */
export function Chart({ title, points, xField, x, y, goals = [], small = false }: ChartProps) {
  const frame: Frame = { xField, x, y };
  const lines = useMemo(() => linesOf(points), [points]);
  return (
    <figure class={small ? "chart small" : "chart"}>
      <figcaption>
        <span class="chart-title">{title}</span>
        <span class="chart-unit">{y.title}</span>
      </figcaption>
      <div class="plot">
        <svg class="drawing" aria-hidden="true">
          <Axes x={x} y={y} />
          {goals.map((goal) => (
            <GoalLine key={goal.text} goal={goal} y={y} />
          ))}
          <Lines lines={lines} frame={frame} />
          <Marks points={points} frame={frame} />
        </svg>
        {points.length === 0 ? (
          <p class="chart-empty">Nothing measured yet</p>
        ) : (
          <Cursor title={title} lines={lines} frame={frame} />
        )}
      </div>
    </figure>
  );
}

const percent = (share: number): string => `${Math.round(1e4 * share) / 100}%`;
const isWithin = (share: number): boolean => share >= -1e-6 && share <= 1 + 1e-6;

function Axes({ x, y }: Pick<Frame, "x" | "y">) {
  return (
    <>
      {y.ticks.map((tick, i) => {
        const at = percent(1 - shareOf(y, tick));
        return (
          <g key={tick}>
            <line class="grid" x1="0" x2="100%" y1={at} y2={at} />
            <text class="tick" x="-6" y={at} dy="0.32em" text-anchor="end">
              {y.labels[i]}
            </text>
          </g>
        );
      })}
      {x.ticks.map((tick, i) => {
        const at = percent(shareOf(x, tick));
        return (
          <g key={tick}>
            <line class="grid" x1={at} x2={at} y1="0" y2="100%" />
            <text class="tick" x={at} y="100%" dy="16" text-anchor="middle">
              {x.labels[i]}
            </text>
          </g>
        );
      })}
      <line class="axis" x1="0" x2="100%" y1="100%" y2="100%" />
      <text class="axis-title" x="50%" y="100%" dy="33" text-anchor="middle">
        {x.title}
      </text>
    </>
  );
}

function GoalLine({ goal, y }: { readonly goal: Goal; readonly y: Axis }) {
  const share = shareOf(y, goal.y);
  if (!isWithin(share)) return null;
  const at = percent(1 - share);
  return (
    <>
      <line
        class="goal"
        {...{ x1: "0", x2: "100%", y1: at, y2: at }}
        stroke-dasharray={(goal.dash ?? [4, 3]).join(" ")}
      />
      <text class="goal-text" x="100%" y={at} dx="-2" dy={share > 0.9 ? 13 : -5} text-anchor="end">
        {goal.text}
      </text>
    </>
  );
}

function Lines({ lines, frame }: { readonly lines: readonly Line[]; readonly frame: Frame }) {
  return (
    <svg class="lines" viewBox={`0 0 ${SIDE} ${SIDE}`} preserveAspectRatio="none">
      {lines.map(({ arm, line, points }) => (
        <path
          key={`${arm} ${line}`}
          class={`${armClass(arm)} ${line === 0 ? "mean" : "seed"}`}
          d={pathOf(points, frame)}
          vector-effect="non-scaling-stroke"
        />
      ))}
    </svg>
  );
}

function Marks({ points, frame }: { readonly points: readonly Point[]; readonly frame: Frame }) {
  const { xField, x, y } = frame;
  return (
    <>
      {points
        .filter(({ marked }) => marked)
        .map((point, i) => {
          const [left, up] = [shareOf(x, point[xField]), shareOf(y, point.y)];
          return Number.isFinite(left) && Number.isFinite(up) ? (
            <svg key={i} class="at" x={percent(left)} y={percent(1 - up)}>
              <path class={`${armClass(point.arm)} mark-of`} d={markOf(point.arm)} />
            </svg>
          ) : null;
        })}
    </>
  );
}
