/** All runs of the folder: searched, sorted, some fifty at a time, so that a thousand are drawn as fast as ten. */
import { useMemo } from "preact/hooks";
import type { RunSummary } from "../../serve/api.ts";
import { count, thousands } from "../../report/words.ts";
import { ArmMark, ArmName } from "../shared/arm.tsx";
import { armsIn, bestOf, differing, filtered, shortened, sorted } from "./choose.ts";
import { ago, clock, useNow } from "./clock.tsx";
import { useGrowing } from "./later.ts";
import type { ListState } from "./told.ts";
import { Filters } from "./filters.tsx";
import { ViewLink, type Go } from "./navigation.tsx";
import { State } from "./state.tsx";
import { MOST_COMPARED, searchOf, type View } from "./view.ts";

export interface ListProps {
  readonly list: ListState;
  readonly view: View;
  readonly go: Go;
}
const A_PAGE = 50;
/** So many rows are drawn in one task. */
const AT_ONCE = 10;

export function List({ list, view, go }: ListProps) {
  const { runs, folder, reading } = list;
  const now = useNow();
  const differences = useMemo(() => differing(runs.values()), [runs]);
  const { query, state, experiment, arm, sort } = view;
  const found = useMemo(
    () => sorted(filtered(runs.values(), { query, state, experiment, arm }), sort),
    [runs, query, state, experiment, arm, sort],
  );
  const pages = Math.max(1, Math.ceil(found.length / A_PAGE));
  const page = Math.min(view.page, pages);
  const shown = found.slice((page - 1) * A_PAGE, page * A_PAGE);
  const drawn = useGrowing(shown.length, {
    ...{ some: AT_ONCE, of: searchOf({ ...view, marked: [], page }) },
  });
  const marked = view.marked.filter((id) => runs.has(id));
  const mark = (id: string, isMarked: boolean): void =>
    go(
      { ...view, marked: isMarked ? [...marked, id] : marked.filter((other) => other !== id) },
      { replace: true },
    );
  return (
    <>
      <h1>
        Runs{folder !== undefined && <span class="quiet folder"> in {shortened(folder)}</span>}
      </h1>
      <Filters {...{ runs, view, go }} />
      <div class="above-list">
        <p role="status">
          {folder === undefined
            ? "Asking the server \u2026"
            : saidOf({ all: runs.size, found: found.length, reading })}
        </p>
        <Marked {...{ marked, view, go }} />
      </div>
      {runs.size === 0 && folder !== undefined && reading === 0 && <Empty folder={folder} />}
      <ol class="runs" start={(page - 1) * A_PAGE + 1}>
        {shown.slice(0, drawn).map((run) => (
          <Row
            key={run.id}
            {...{ run, view, go, now }}
            names={differences.get(run.experiment)}
            isMarked={marked.includes(run.id)}
            mayMark={marked.length < MOST_COMPARED}
            onMark={mark}
          />
        ))}
        {shown.slice(drawn).map(({ id }) => (
          <li key={`${id} to come`} class="run to-come" />
        ))}
      </ol>
      {pages > 1 && <Pages {...{ page, pages, view, go }} />}
    </>
  );
}

interface Counts {
  readonly all: number;
  readonly found: number;
  readonly reading: number;
}
function saidOf({ all, found, reading }: Counts): string {
  const still = reading > 0 ? `; ${thousands(reading)} still to be read` : "";
  return `${found === all ? count(all, "run") : `${thousands(found)} of ${count(all, "run")}`}${still}`;
}

function Empty({ folder }: { readonly folder: string }) {
  return (
    <div class="absent">
      <p>There is no run in this folder yet. One that begins is shown here at once:</p>
      <pre>
        <code>npx weightnorm compare mnist --out {shortened(folder)}/first</code>
      </pre>
    </div>
  );
}

interface MarkedProps {
  readonly marked: readonly string[];
  readonly view: View;
  readonly go: Go;
}
function Marked({ marked, view, go }: MarkedProps) {
  if (marked.length === 0)
    return <p class="quiet">Mark two to {MOST_COMPARED} runs to compare them.</p>;
  return (
    <p class="marked">
      {marked.length < 2 ? (
        <span class="quiet">Mark another run to compare it with.</span>
      ) : (
        <ViewLink to={{ ...view, runs: marked }} go={go} class="button main">
          Compare {marked.length} runs
        </ViewLink>
      )}
      <button type="button" onClick={() => go({ ...view, marked: [] }, { replace: true })}>
        Unmark all
      </button>
    </p>
  );
}

interface RowProps {
  readonly run: RunSummary;
  readonly view: View;
  readonly go: Go;
  readonly now: number;
  /** Of settings that runs of this experiment differ in. */
  readonly names: ReadonlySet<string> | undefined;
  readonly isMarked: boolean;
  readonly mayMark: boolean;
  readonly onMark: (id: string, isMarked: boolean) => void;
}
/** So many settings have room in a row. */
const MOST_SETTINGS = 6;

/** Drawn again where something of it is another, which of most rows nothing is. */
function Row({ now, names, ...rest }: RowProps) {
  const { run, view, isMarked, mayMark } = rest;
  const told = run.settings.filter(({ name }) => names?.has(name));
  return useMemo(
    () => <Drawn {...{ ...rest, now, told }} />,
    [
      run,
      view,
      isMarked,
      mayMark,
      ago(run.updatedAt, now),
      told.map(({ name }) => name).join("\n"),
    ],
  );
}

interface DrawnProps extends Omit<RowProps, "names"> {
  readonly told: RunSummary["settings"];
}
function Drawn({ run, view, go, now, told, isMarked, mayMark, onMark }: DrawnProps) {
  const name = shortened(run.id);
  return (
    <li class="run">
      <input
        type="checkbox"
        aria-label={`compare ${name}`}
        checked={isMarked}
        disabled={!isMarked && !mayMark}
        onChange={(event) => onMark(run.id, event.currentTarget.checked)}
      />
      <div class="what">
        <ViewLink to={{ ...view, runs: [run.id] }} go={go} class="name" title={run.id}>
          {name}
        </ViewLink>
        <p class="quiet">
          {run.experiment !== "" && `${shortened(run.experiment)}, `}
          {clock(run.startedAt)}
        </p>
        {told.length > 0 && (
          <p class="told">
            {told.slice(0, MOST_SETTINGS).map(({ name: setting, value }) => (
              <span key={setting}>
                {shortened(setting, 30)} <b>{shortened(value, 30)}</b>
              </span>
            ))}
            {told.length > MOST_SETTINGS && <span>and {told.length - MOST_SETTINGS} more</span>}
          </p>
        )}
      </div>
      <Measured run={run} />
      <State run={run} now={now} />
      {run.problem !== undefined && <p class="problem">{shortened(run.problem, 300)}</p>}
    </li>
  );
}

/** Its arms, and the best of them. */
function Measured({ run }: { readonly run: RunSummary }) {
  const best = bestOf(run);
  const arms = armsIn(run);
  return (
    <div class="measured">
      <p>
        {best ? (
          <>
            <b>{best.text}</b> {run.measure!.key} <ArmName arm={best.arm} />
          </>
        ) : (
          <span class="quiet">{run.state === "unreadable" ? "" : "not tested yet"}</span>
        )}
      </p>
      {arms.length > 1 && (
        <p class="marks" role="img" aria-label={`arms: ${arms.join(", ")}`}>
          {arms.map((arm) => (
            <ArmMark key={arm} arm={arm} />
          ))}
        </p>
      )}
    </div>
  );
}

interface PagesProps {
  readonly page: number;
  readonly pages: number;
  readonly view: View;
  readonly go: Go;
}
function Pages({ page, pages, view, go }: PagesProps) {
  return (
    <nav class="pages" aria-label="Pages of the list">
      {page > 1 && (
        <ViewLink to={{ ...view, page: page - 1 }} go={go} class="button">
          Previous
        </ViewLink>
      )}
      <span>
        page {page} of {pages}
      </span>
      {page < pages && (
        <ViewLink to={{ ...view, page: page + 1 }} go={go} class="button">
          Next
        </ViewLink>
      )}
    </nav>
  );
}
