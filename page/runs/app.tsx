/** Which of the three views is shown, and what stands around all of them. */
import { useEffect, useRef } from "preact/hooks";
import { Header } from "../shared/header.tsx";
import { Comparison } from "./comparison.tsx";
import { useList } from "./feeds.ts";
import { Absent, Connection } from "./connection.tsx";
import { List } from "./list.tsx";
import type { ListState } from "./told.ts";
import { useView } from "./navigation.tsx";
import { OneRun } from "./one-run.tsx";
import type { View } from "./view.ts";

export function App() {
  const list = useList();
  const [view, go] = useView();
  const title = titleOf(view, list);
  const main = useRef<HTMLElement>(null);
  const before = useRef(view.runs);
  useEffect(() => {
    document.title = `${title} \u00b7 weightnorm`;
  }, [title]);
  useEffect(() => {
    const isSame = before.current.join("\n") === view.runs.join("\n");
    before.current = view.runs;
    if (!isSame) main.current?.focus(); // whoever follows a link by keyboard goes on from there
  }, [view.runs]);
  const shown = { list, view, go };
  return (
    <>
      <Header here="runs" />
      <main id="main" tabIndex={-1} ref={main}>
        <Connection link={list.link} />
        {list.link === "absent" && list.folder === undefined ? (
          <Absent />
        ) : view.runs.length === 0 ? (
          <List {...shown} />
        ) : view.runs.length === 1 ? (
          <OneRun key={view.runs[0]} id={view.runs[0]} {...shown} />
        ) : (
          <Comparison key={view.runs.join("\n")} {...shown} />
        )}
      </main>
    </>
  );
}

function titleOf({ runs }: View, { folder }: ListState): string {
  if (runs.length > 0) return runs.join(", ");
  return folder === undefined ? "Runs" : `Runs in ${folder}`;
}
