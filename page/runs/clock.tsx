/** Times for people: how long ago, and when. */
import { useEffect, useState } from "preact/hooks";
import { capital, thousands } from "../../report/words.ts";

/** Milliseconds since 1970, anew every so many of them. */
export function useNow(every = 5000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/** "just now", "12 s ago", "3 min ago", "5 h ago", "4 days ago" */
export function ago(time: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000));
  if (!Number.isFinite(seconds)) return "at an unknown time";
  if (seconds < 3) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${thousands(Math.floor(seconds / 86_400))} days ago`;
}

/** "27 Nov 2026, 13:05", in the reader's own time zone. */
export function clock(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "at an unknown time" : FORMAT.format(date);
}
const FORMAT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

export interface WhenProps {
  readonly time: string;
  readonly now: number;
  readonly start?: boolean;
}
export const Ago = ({ time, now, start = false }: WhenProps) => (
  <time dateTime={time} title={clock(time)}>
    {start ? capital(ago(time, now)) : ago(time, now)}
  </time>
);
