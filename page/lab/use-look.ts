/** Asks the worker for something to look at: while it is in view, anew when there is a newer model, and never twice at a time. */
import { useEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "../shared/message.ts";
import { isClosed } from "../worker/rpc.ts";

/** Milliseconds between two looks at models that train on. */
const REST = 1500;
/** The version of what was never answered: the worker that comes after a lost one is asked for it again. */
const UNASKED = -1;

export interface Look<T> {
  readonly value: T | undefined;
  /** Why there is none, in our form. */
  readonly problem: string | undefined;
  /** To be set on what it is shown in. */
  readonly place: (element: Element | null) => void;
}

/** `what` names what is asked for: another one is asked for at once. `version` grows with the models; 0 is before the first. */
export function useLook<T>(
  ask: () => Promise<T>,
  { what, version }: { readonly what: string; readonly version: number },
): Look<T> {
  const [answer, setAnswer] = useState<{ what: string; value?: T; problem?: string }>();
  const [seen, setSeen] = useState(false);
  const [round, setRound] = useState(0);
  const watched = useRef<IntersectionObserver>(undefined);
  const last = useRef({ what: "", version: UNASKED, at: -Infinity, busy: false });
  const latest = useRef({ ask, what });
  latest.current = { ask, what };

  useEffect(() => {
    const { current: before } = last;
    if (!seen || before.busy || version === 0) return;
    if (before.what === what && before.version === version) return;
    const rest = before.what === what ? Math.max(0, before.at + REST - performance.now()) : 0;
    const timer = setTimeout(() => {
      const asked = latest.current;
      last.current = { what: asked.what, version, at: performance.now(), busy: true };
      void asked
        .ask()
        .then(
          (value) => setAnswer({ what: asked.what, value }),
          (error: unknown) => {
            if (isClosed(error)) last.current = { ...last.current, version: UNASKED };
            else setAnswer({ what: asked.what, problem: messageOf(error) });
          },
        )
        .finally(() => {
          last.current = { ...last.current, at: performance.now(), busy: false };
          setRound((n) => n + 1);
        });
    }, rest);
    return () => clearTimeout(timer);
  }, [seen, what, version, round]);

  const [place] = useState(() => (element: Element | null) => {
    watched.current?.disconnect();
    if (!element) return;
    watched.current = new IntersectionObserver((all) => setSeen(all.at(-1)!.isIntersecting), {
      rootMargin: "100px",
    });
    watched.current.observe(element);
  });
  return { value: answer?.value, problem: answer?.problem, place };
}

/** The same of each run, one after the other. */
export async function ofEach<K, T>(
  keys: readonly K[],
  ask: (key: K) => Promise<T>,
): Promise<readonly { readonly key: K; readonly value: T }[]> {
  const all: { key: K; value: T }[] = [];
  for (const key of keys) all.push({ key, value: await ask(key) });
  return all;
}
