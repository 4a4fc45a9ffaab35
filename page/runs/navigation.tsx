/** The page's address as state: links change it without loading anything, and the back button changes it back. */
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { readView, searchOf, type View } from "./view.ts";

/** Shows another view: as a new entry of the history, or in place of the last one. */
export type Go = (view: View, options?: { readonly replace?: boolean }) => void;

export function useView(): readonly [view: View, go: Go] {
  const [view, setView] = useState(() => readView(location.search));
  useEffect(() => {
    const onPop = (): void => setView(readView(location.search));
    addEventListener("popstate", onPop);
    return () => removeEventListener("popstate", onPop);
  }, []);
  const go = useCallback<Go>((next, { replace = false } = {}) => {
    const search = searchOf(next);
    if (replace) history.replaceState(null, "", search);
    else {
      history.pushState(null, "", search);
      scrollTo(0, 0);
    }
    setView(next);
  }, []);
  return [view, go];
}

export interface ViewLinkProps {
  readonly to: View;
  readonly go: Go;
  readonly class?: string;
  readonly title?: string;
  readonly children: ComponentChildren;
}
/** A link that opens in another tab as any other does. */
export function ViewLink({ to, go, children, ...rest }: ViewLinkProps) {
  const onClick = (event: MouseEvent): void => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={searchOf(to)} onClick={onClick} {...rest}>
      {children}
    </a>
  );
}
