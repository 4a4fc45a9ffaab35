/** Pictures that move: played, stopped and stepped through by a slider; they stand still at first where somebody asks for less motion. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Raster } from "../../runs/pictures.ts";
import { RasterCanvas } from "./raster.tsx";

interface PlayerProps {
  readonly frames: readonly Raster[];
  /** Milliseconds a frame. */
  readonly delay: number;
  /** What it shows. */
  readonly label: string;
  /** What is known of a frame. */
  readonly children?: (frame: number) => ComponentChildren;
  /** Begins with the last frame, where that is what the others lead to. */
  readonly fromEnd?: boolean;
}

export const movesLess = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function Player({ frames, delay, label, children, fromEnd = false }: PlayerProps) {
  const last = frames.length - 1;
  const [at, setAt] = useState(fromEnd ? last : 0);
  const [playing, setPlaying] = useState(() => !fromEnd && frames.length > 1 && !movesLess());
  useEffect(() => {
    setAt(fromEnd ? last : 0);
  }, [last]);
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => setAt((now) => (now >= last ? 0 : now + 1)), delay);
    return () => clearInterval(timer);
  }, [playing, delay, last]);
  const frame = Math.min(at, last);
  if (last < 0) return null;
  return (
    <div class="player">
      <RasterCanvas raster={frames[frame]} label={`${label}, frame ${frame + 1} of ${last + 1}`} />
      {last > 0 && (
        <div class="player-bar">
          <button type="button" class="small" onClick={() => setPlaying(!playing)}>
            {playing ? "Stop" : "Play"}
          </button>
          <input
            type="range"
            aria-label={`frame of ${label}`}
            min={0}
            max={last}
            value={frame}
            onInput={(event) => {
              setPlaying(false);
              setAt(event.currentTarget.valueAsNumber);
            }}
          />
          <span class="count">
            {frame + 1}/{last + 1}
          </span>
        </div>
      )}
      {children?.(frame)}
    </div>
  );
}
