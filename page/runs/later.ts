/** Work that is put off to a task of its own, so that none is long, whatever is drawn. */
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
