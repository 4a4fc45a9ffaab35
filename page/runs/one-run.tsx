/** One run: its curves as they grow, what it has come to, and all that is known of how it was run. */
import { useMemo } from "preact/hooks";
import type { Results } from "../../runs/records.ts";
import type { RunSummary } from "../../serve/api.ts";
import { findingsOf } from "../../report/findings.ts";
import { count, thousands } from "../../report/words.ts";
import { linesOfArms, panesOf, recordsOf } from "../shared/curves.ts";
import { LaterChart } from "./later-chart.tsx";
import { Legend } from "../shared/legend.tsx";
import { reportAt, resultsAt } from "./addresses.ts";
import { shortened } from "./choose.ts";
import { clock, useNow } from "./clock.tsx";
import { Connection } from "./connection.tsx";
import { Contestants } from "./contestants.tsx";
import { useRun } from "./feeds.ts";
import { HowItWasRun } from "./how.tsx";
import { useLater, useMade } from "./later.ts";
import { Layers } from "./layers.tsx";
import type { ListProps } from "./list.tsx";
import { ViewLink } from "./navigation.tsx";
import { ResultsTable } from "./results-table.tsx";
import { State } from "./state.tsx";
import type { RunState } from "./told.ts";

export interface OneRunProps extends ListProps {
  readonly id: string;
}

export function OneRun({ id, list, view, go }: OneRunProps) {
  const listed = list.runs.get(id);
  const { begun, events, link } = useRun(id, listed);
  const run = listed ?? begun?.run;
  const now = useNow();
  const results = useMade(
    () => begun && recordsOf(begun.compared, events, { settings: begun.run.settings }),
    [begun, events],
  );
  const isYoung = begun !== undefined && !events.some(({ type }) => type === "opened");
  // What only follows from records is not drawn again when the list tells of something.
  const rest = useMemo(() => results && <Rest results={results} />, [results]);
  return (
    <article>
      <p class="back">
        <ViewLink to={{ ...view, runs: [] }} go={go}>
          All runs
        </ViewLink>
      </p>
      <h1 title={id}>{shortened(id)}</h1>
      {list.link === "open" && <Connection link={link} />}
      {run ? <Head run={run} now={now} /> : <p role="status">{missingOf(id, list)}</p>}
      {results && begun && <Findings {...{ results, begun, events }} />}
      {results && <Curves results={results} />}
      {run && run.runs.length > 0 && <Contestants run={run} sheet={results?.sheet} />}
      {rest}
      {run && isYoung && (
        <p>It has not begun to train yet: curves appear here with its first steps.</p>
      )}
    </article>
  );
}

function Rest({ results }: { readonly results: Results }) {
  const shown = useLater(results);
  if (!shown) return null;
  return (
    <>
      <Layers results={shown} />
      <HowItWasRun results={shown} />
    </>
  );
}

function missingOf(id: string, { folder, reading }: ListProps["list"]): string {
  return folder === undefined || reading > 0
    ? "Asking the server \u2026"
    : `There is no run ${shortened(id)} in this folder. It may have been moved or removed.`;
}

interface HeadProps {
  readonly run: RunSummary;
  readonly now: number;
}
function Head({ run, now }: HeadProps) {
  const isTested = run.runs.some(({ test }) => test !== undefined);
  return (
    <header class="run-head">
      <p class="quiet">
        {run.experiment !== "" && `${shortened(run.experiment)}, `}started {clock(run.startedAt)}
      </p>
      <State run={run} now={now} />
      {run.problem !== undefined && <p class="problem">{run.problem}</p>}
      {isTested && (
        <p class="links">
          <a class="button" href={reportAt(run.id)} target="_blank" rel="noopener">
            Report
          </a>
          <a class="button" href={resultsAt(run.id)} download="results.json">
            results.json
          </a>
        </p>
      )}
    </header>
  );
}

interface FindingsProps extends Pick<RunState, "events"> {
  readonly results: Results;
  readonly begun: NonNullable<RunState["begun"]>;
}
/** What may be said of all arms at one moment; where they cannot be compared yet, that. */
function Findings(props: FindingsProps) {
  const { results, begun, events } = props;
  const shown = useMade(() => {
    const fair = results.soFar ? recordsOf(begun.compared, events, { cut: true }) : results;
    return { fair, found: fair && findingsOf(fair) };
  }, [results]); // as of the same moment
  if (!shown) return null;
  const { fair, found } = shown;
  if (!fair || !found)
    return <p class="note">Arms are compared as soon as every run has been tested.</p>;
  return (
    <section aria-labelledby="headline">
      <h2 id="headline" class="headline">
        {found.headline}
      </h2>
      <p class="said">{found.sentences.join(" ")}</p>
      <ResultsTable results={fair} />
    </section>
  );
}

function Curves({ results }: { readonly results: Results }) {
  const { soFar, sheet } = results;
  const panes = useMade(() => panesOf(results), [results]) ?? [];
  return (
    <section aria-labelledby="curves">
      <h2 id="curves">Curves</h2>
      {soFar && soFar.of > 0 && (
        <p class="note">
          All of them have done {thousands(Math.floor(soFar.at * 100) / 100)} of{" "}
          {count(soFar.of, sheet.axis.name)}.
        </p>
      )}
      <Legend {...linesOfArms(results)} />
      <div class="panels">
        {panes.map((pane, i) => (
          <LaterChart key={i} pane={pane} />
        ))}
      </div>
    </section>
  );
}
