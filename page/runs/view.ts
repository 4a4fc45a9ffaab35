/** What is shown, as the page's address says it: which runs, and how the list is searched and sorted. */
import { ARMS } from "../../runs/records.ts";
import type { Arm } from "../../runs/records.ts";
import type { RunSummary } from "../../serve/api.ts";

export interface View {
  /** None: the list; one: that run; several: side by side. */
  readonly runs: readonly string[];
  /** Those that are marked in the list, to be compared. */
  readonly marked: readonly string[];
  readonly query: string;
  readonly state: RunSummary["state"] | undefined;
  readonly experiment: string | undefined;
  readonly arm: Arm | undefined;
  readonly sort: Sort;
  /** From 1. */
  readonly page: number;
}
export const STATES = ["running", "stopped", "finished", "unreadable"] as const;
export const SORTS = ["newest", "latest", "name", "best"] as const;
export type Sort = (typeof SORTS)[number];

/** So many stand side by side: a browser has six connections to a server, and the list keeps one. */
export const MOST_COMPARED = 4;

export function readView(search: string): View {
  const params = new URLSearchParams(search);
  const among = <T extends string>(name: string, all: readonly T[]): T | undefined =>
    all.find((one) => one === params.get(name));
  return {
    runs: [...new Set(params.getAll("run"))].slice(0, MOST_COMPARED),
    marked: [...new Set(params.getAll("mark"))].slice(0, MOST_COMPARED),
    query: params.get("q") ?? "",
    state: among("state", STATES),
    experiment: params.get("experiment") ?? undefined,
    arm: among("arm", ARMS),
    sort: among("sort", SORTS) ?? "newest",
    page: Math.max(1, Math.floor(Number(params.get("page") ?? 1)) || 1),
  };
}

/** The address of a view, "?" where it is the list as it is at first. */
export function searchOf(view: View): string {
  const params = new URLSearchParams();
  for (const id of view.runs) params.append("run", id);
  for (const id of view.marked) params.append("mark", id);
  if (view.query !== "") params.set("q", view.query);
  for (const name of ["state", "experiment", "arm"] as const)
    if (view[name] !== undefined) params.set(name, view[name]);
  if (view.sort !== "newest") params.set("sort", view.sort);
  if (view.page > 1) params.set("page", String(view.page));
  return `?${params}`;
}
