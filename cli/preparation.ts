/** What one sees of long work beside the race, e.g. a download: a bar on a terminal, a line now and then elsewhere. */
import { Presets, SingleBar } from "cli-progress";

/** Seconds between two lines, and before the first one: what takes no time needs no words. */
export const EVERY = 10;
const SOON = 1;

/** 45s, 3m07s, 2h05m */
export const clock = (seconds: number): string => minutes(Math.ceil(seconds));
const two = (n: number): string => String(Math.floor(n)).padStart(2, "0");
function minutes(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${two((seconds % 3600) / 60)}m`;
}

interface Work {
  readonly what: string;
  readonly bar?: SingleBar;
  /** When it began, and how much of it was done before. */
  readonly began: number;
  readonly before: number;
  said: number;
}

export interface Preparation {
  readonly show: (what: string, done: number) => void;
  readonly stop: () => void;
}

export function preparation(stream: NodeJS.WriteStream): Preparation {
  let current: Work | undefined;
  const stop = (): void => {
    current?.bar?.stop();
    current = undefined;
  };
  const begin = (what: string, done: number): Work => {
    stop();
    const now = performance.now();
    const work = { what, began: now, before: done, said: now };
    if (!stream.isTTY) return work;
    const format = `${what} {bar} {percentage}%  {left} left`;
    const options = { format, stream, hideCursor: true, barsize: 20 };
    const bar = new SingleBar(options, Presets.shades_classic);
    bar.start(100, 0, { left: "-" });
    return { ...work, bar };
  };
  return {
    stop,
    show(what, done) {
      if (current?.what !== what) current = begin(what, done);
      const now = performance.now();
      const rate = (done - current.before) / (now - current.began);
      const left = rate > 0 ? clock((1 - done) / rate / 1000) : "-";
      current.bar?.update(Math.floor(100 * done), { left });
      const first = current.said === current.began;
      if (current.bar || now - current.said < (first ? SOON : EVERY) * 1000) return;
      current.said = now;
      stream.write(`${what}: ${Math.floor(100 * done)}%, ${left} left\n`);
    },
  };
}
