/** Several runs side by side: what they were set to, what came of it, and their curves on the same axes. */
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { ARMS } from "../../runs/records.ts";
import type { Results } from "../../runs/records.ts";
import { ArmName } from "../shared/arm.tsx";
import { linesOfArms, recordsOf } from "../shared/curves.ts";
import { Legend } from "../shared/legend.tsx";
import { measureTables, paneRows, settingRows } from "./beside.ts";
import { shortened } from "./choose.ts";
import { useNow } from "./clock.tsx";
import { useRun } from "./feeds.ts";
import type { RunState } from "./told.ts";
import { LaterChart } from "./later-chart.tsx";
import type { ListProps } from "./list.tsx";
import { ViewLink } from "./navigation.tsx";
import { State } from "./state.tsx";

export function Comparison({ list, view, go }: ListProps) {
  const [states, setStates] = useState<ReadonlyMap<string, RunState>>(new Map());
  const onState = useCallback(
    (id: string, state: RunState) => setStates((all) => new Map(all).set(id, state)),
    [],
  );
  const now = useNow();
  const runs = view.runs.map((id) => {
    const state = states.get(id);
    return { id, state, summary: list.runs.get(id) ?? state?.begun?.run };
  });
  const names = view.runs.map((id) => shortened(id, 40));
  const all = useMemo(() => view.runs.map((id) => resultsIn(states.get(id))), [states, view.runs]);
  const settings = settingRows(runs.map(({ summary }) => summary?.settings ?? []));
  return (
    <article>
      {view.runs.map((id) => (
        <Follow key={id} {...{ id, list, onState }} />
      ))}
      <p class="back">
        <ViewLink to={{ ...view, runs: [] }} go={go}>
          All runs
        </ViewLink>
      </p>
      <h1>{view.runs.length} runs side by side</h1>
      <div class={`beside of-${view.runs.length}`}>
        {runs.map(({ id, summary }, i) => (
          <div key={id} class="run-head">
            <h2>
              <ViewLink to={{ ...view, runs: [id] }} go={go} title={id}>
                {names[i]}
              </ViewLink>
            </h2>
            {summary ? <State run={summary} now={now} /> : <p class="quiet">not here (yet)</p>}
            <ViewLink to={{ ...view, runs: view.runs.filter((other) => other !== id) }} go={go}>
              Leave out<span class="unseen"> {names[i]}</span>
            </ViewLink>
          </div>
        ))}
      </div>
      <section aria-labelledby="differences">
        <h2 id="differences">Settings that differ</h2>
        {settings.length === 0 ? (
          <p class="note">None: they were set to the same.</p>
        ) : (
          <Table caption="Table of settings" heads={["setting", ...names]} isText>
            {settings.map(({ name, values }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {values.map((value, i) => (
                  <td key={i}>{shortened(value, 80)}</td>
                ))}
              </tr>
            ))}
          </Table>
        )}
      </section>
      <Ends all={all} names={names} />
      <Panels all={all} names={names} />
    </article>
  );
}

const folded = new WeakMap<RunState["events"], Results | undefined>();
/** Folded once, whatever the other runs do. */
function resultsIn(state: RunState | undefined): Results | undefined {
  if (!state?.begun) return undefined;
  const { begun, events } = state;
  if (!folded.has(events)) folded.set(events, recordsOf(begun.compared, events));
  return folded.get(events);
}

interface FollowProps {
  readonly id: string;
  readonly list: ListProps["list"];
  readonly onState: (id: string, state: RunState) => void;
}
/** Nothing to see: it follows a run, as each needs hooks of its own. */
function Follow({ id, list, onState }: FollowProps) {
  const state = useRun(id, list.runs.get(id));
  useEffect(() => onState(id, state), [id, state, onState]);
  return null;
}

interface BesideProps {
  readonly all: readonly (Results | undefined)[];
  readonly names: readonly string[];
}
function Ends({ all, names }: BesideProps) {
  const tables = measureTables(all);
  if (tables.length === 0) return null;
  return (
    <section aria-labelledby="ends">
      <h2 id="ends">Last tests</h2>
      {tables.map(({ head, rows }) => (
        <Table key={head} caption={head} heads={[head, ...names]}>
          {rows.map(({ arm, cells }) => (
            <tr key={arm}>
              <th scope="row">
                <ArmName arm={arm} />
              </th>
              {cells.map(({ text, isBest }, i) => (
                <td key={i} class={isBest ? "best" : undefined}>
                  {text}
                </td>
              ))}
            </tr>
          ))}
        </Table>
      ))}
      <p class="note">
        Bold: the best run of an arm with all that are within chance of it; none where chance may
        have made all differences. Each is the last test of a run, however far it is.
      </p>
    </section>
  );
}

function Panels({ all, names }: BesideProps) {
  const rows = useMemo(
    () =>
      paneRows(all).map(({ title, panes }) => ({
        title,
        panes: panes.map((pane, i) => pane && { ...pane, title: names[i] }),
      })),
    [all],
  );
  const there = all.filter((results) => results !== undefined);
  const lines = there.map(linesOfArms);
  const arms = ARMS.filter((arm) => lines.some((one) => one.arms.includes(arm)));
  if (rows.length === 0) return <p role="status">Waiting for the first steps &hellip;</p>;
  return (
    <section aria-labelledby="curves">
      <h2 id="curves">Curves</h2>
      <Legend arms={arms} seeds={Math.max(...lines.map(({ seeds }) => seeds))} />
      {rows.map(({ title, panes }) => (
        <section key={title} aria-label={title}>
          <h3>{title}</h3>
          <div class={`beside of-${panes.length}`}>
            {panes.map((pane, i) =>
              pane ? (
                <LaterChart key={i} pane={pane} />
              ) : (
                <p key={i} class="note">
                  {names[i]}: not measured
                </p>
              ),
            )}
          </div>
        </section>
      ))}
    </section>
  );
}

interface TableProps {
  readonly caption: string;
  readonly heads: readonly string[];
  readonly isText?: boolean;
  readonly children: ComponentChildren;
}
function Table({ caption, heads, isText = false, children }: TableProps) {
  return (
    <div class="scroll" role="region" aria-label={caption} tabIndex={0}>
      <table class={isText ? "texts" : undefined}>
        <thead>
          <tr>
            {heads.map((head, i) => (
              <th key={i} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
