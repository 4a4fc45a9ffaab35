/** What a list is searched and sorted by. */
import { useMemo } from "preact/hooks";
import { ARMS } from "../../runs/records.ts";
import type { RunSummary } from "../../serve/api.ts";
import { shortened } from "./choose.ts";
import type { Go } from "./navigation.tsx";
import { SORTS, STATES, type Sort, type View } from "./view.ts";

export interface FiltersProps {
  readonly runs: ReadonlyMap<string, RunSummary>;
  readonly view: View;
  readonly go: Go;
}
const SORTED: Readonly<Record<Sort, string>> = {
  newest: "newest first",
  latest: "last heard of first",
  name: "by name",
  best: "best first",
};

export function Filters({ runs, view, go }: FiltersProps) {
  const experiments = useMemo(
    () => [...new Set([...runs.values()].map(({ experiment }) => experiment))].toSorted(),
    [runs],
  );
  const change = (part: Partial<View>): void =>
    go({ ...view, page: 1, ...part }, { replace: true });
  const isFiltered =
    view.query !== "" || [view.state, view.experiment, view.arm].some((x) => x !== undefined);
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label class="wide">
        <span>Search</span>
        <input
          type="search"
          value={view.query}
          placeholder="name, setting, command"
          onInput={(event) => change({ query: event.currentTarget.value })}
        />
      </label>
      <Choice
        {...{ label: "Experiment", all: experiments, value: view.experiment }}
        onChange={(experiment) => change({ experiment })}
      />
      <Choice
        {...{ label: "State", all: STATES, value: view.state }}
        onChange={(state) => change({ state })}
      />
      <Choice
        {...{ label: "Arm", all: ARMS, value: view.arm }}
        onChange={(arm) => change({ arm })}
      />
      <label>
        <span>Sort</span>
        <select
          value={view.sort}
          onChange={(event) => change({ sort: event.currentTarget.value as Sort })}
        >
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {SORTED[sort]}
            </option>
          ))}
        </select>
      </label>
      {isFiltered && (
        <button
          type="button"
          onClick={() =>
            change({ query: "", state: undefined, experiment: undefined, arm: undefined })
          }
        >
          Show all
        </button>
      )}
    </form>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly all: readonly T[];
  readonly value: T | undefined;
  readonly onChange: (value: T | undefined) => void;
}
/** One of a few, or any of them. */
function Choice<T extends string>({ label, all, value, onChange }: ChoiceProps<T>) {
  const others = value !== undefined && !all.includes(value) ? [value] : []; // of an address
  return (
    <label>
      <span>{label}</span>
      <select
        value={value ?? ""}
        onChange={(event) =>
          onChange(event.currentTarget.value === "" ? undefined : (event.currentTarget.value as T))
        }
      >
        <option value="">any</option>
        {[...all, ...others].map((one) => (
          <option key={one} value={one}>
            {shortened(one, 40)}
          </option>
        ))}
      </select>
    </label>
  );
}
