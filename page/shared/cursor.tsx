/** What is read off a panel: a line at the pointer or where the arrow keys lead, and the arms' values there, said aloud too. */
import { useState } from "preact/hooks";
import type { Axis } from "../../report/axis.ts";
import type { Point } from "../../report/curves.ts";
import { short, significant } from "../../report/words.ts";
import { ArmName } from "./arm.tsx";
import {
  endsOf,
  nearestOf,
  readAt,
  shareOf,
  stopAfter,
  stopsOf,
  valueAt,
  type Frame,
  type Line,
} from "./geometry.ts";
import { armClass } from "./theme.ts";

export interface CursorProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly frame: Frame;
}

/** A slider to keyboards and screen readers: where nothing is pointed at, it says what the arms have come to. */
export function Cursor({ title, lines, frame }: CursorProps) {
  const [at, setAt] = useState<number>();
  const { x, xField } = frame;
  const stops = stopsOf(lines, xField);
  const last = stops[stops.length - 1];
  const read = at === undefined ? [] : readAt(lines, frame, at);
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = stopAfter(event.key, stops, at ?? last);
    if (next === undefined && event.key !== "Escape") return;
    event.preventDefault();
    setAt(next);
  };
  const onPointer = (event: PointerEvent): void => {
    const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    setAt(nearestOf(stops, valueAt(x, share)));
  };
  return (
    <div
      {...{ class: "cursor", role: "slider", tabIndex: 0 }}
      {...{ onKeyDown, onPointerMove: onPointer, onPointerDown: onPointer }}
      onPointerLeave={() => setAt(undefined)}
      onBlur={() => setAt(undefined)}
      aria-label={title}
      {...{ "aria-valuemin": x.domain[0], "aria-valuemax": last, "aria-valuenow": at ?? last }}
      aria-valuetext={
        at === undefined ? textOf(frame, last, endsOf(lines)) : textOf(frame, at, read)
      }
    >
      {at !== undefined && <Mark at={at} read={read} frame={frame} />}
    </div>
  );
}

interface MarkProps {
  readonly at: number;
  readonly read: readonly Point[];
  readonly frame: Frame;
}
function Mark({ at, read, frame: { x, y } }: MarkProps) {
  const share = shareOf(x, at);
  const left = `${100 * share}%`;
  return (
    <>
      <svg class="drawing">
        <line class="hair" x1={left} x2={left} y1="0" y2="100%" />
        {read.map((point) => (
          <circle
            key={point.arm}
            class={`${armClass(point.arm)} mark-of`}
            {...{ cx: left, cy: `${100 * (1 - shareOf(y, point.y))}%`, r: 3.5 }}
          />
        ))}
      </svg>
      <div class={share > 0.5 ? "reading at-left" : "reading at-right"}>
        <p>{placeOf(x, at)}</p>
        {[...read]
          .sort((a, b) => b.y - a.y)
          .map((point) => (
            <p key={point.arm}>
              <ArmName arm={point.arm} /> <b>{significant(point.y)}</b>
            </p>
          ))}
      </div>
    </>
  );
}

/** "epoch 2.5", "training time 12.3 s" */
function placeOf({ title }: Axis, at: number): string {
  const [, name, unit = ""] = /^(.*?)(?: \(([^()]*)\))?$/.exec(title)!;
  return `${name} ${short(at)}${unit === "" ? "" : ` ${unit}`}`;
}

const textOf = ({ x, y }: Frame, at: number, read: readonly Point[]): string =>
  `${placeOf(x, at)}: ${read.map((p) => `${p.arm} ${significant(p.y)}`).join(", ")}${y.title === "" ? "" : `; ${y.title}`}`;
