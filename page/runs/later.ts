/** Work that is put off to tasks of its own, so that none is long, whatever is drawn. */
import { useEffect, useState } from "preact/hooks";

/** The value as of a task later; undefined before there was any. */
export function useLater<T>(value: T): T | undefined {
  const [shown, setShown] = useState<T>();
  useEffect(() => {
    const timer = setTimeout(() => setShown(value));
    return () => clearTimeout(timer);
  }, [value]);
  return shown;
}

/** What is made of some inputs, in a task of its own, and drawn in another one; undefined before there was any. */
export function useMade<T extends object | undefined>(
  make: () => T,
  inputs: readonly unknown[],
): T | undefined {
  const [shown, setShown] = useState<T>();
  useEffect(() => {
    let timer = setTimeout(() => {
      const made = make();
      timer = setTimeout(() => setShown(made));
    });
    return () => clearTimeout(timer);
  }, inputs);
  return shown;
}

/** How many of a row of things are drawn by now: `some` more in each task, from the start again where they are others, by their name. */
export function useGrowing(all: number, { some, of }: { some: number; of: string }): number {
  const [grown, setGrown] = useState({ of, count: some });
  const count = grown.of === of ? grown.count : some;
  useEffect(() => {
    if (count >= all) return;
    const timer = setTimeout(() => setGrown({ of, count: count + some }));
    return () => clearTimeout(timer);
  }, [count, all, of]);
  return Math.min(count, all);
}
