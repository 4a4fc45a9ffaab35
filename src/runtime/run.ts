/** One step of a program, alike on every runtime: what is checked before and after it, and the one place where state changes. */
import { type Node } from "../graph/index.ts";
import { checkRange } from "./demand.ts";
import {
  checkFeed,
  checkSpec,
  type Place,
  type Program,
  type ProgramSpec,
  type State,
  type Tensor,
} from "./program.ts";
import { checkFed, rangesOf, type Ranges } from "./ranges.ts";
import { readNow } from "./read.ts";
import { inTurn, lifetime } from "./turns.ts";

type Feeds = Readonly<Record<string, Tensor>>;

/** What a runtime is asked for: values. */
export interface Engine {
  /** Where its updates leave values, if not in arrays of their own. */
  readonly place?: Place;
  /** Computes all roots of the plan. */
  compute(feeds: Feeds, state: State): Promise<Computed>;
  release(): Promise<void>;
}
/** A step that has been computed and is not yet taken. */
export interface Computed {
  /** What is no update, by key. */
  readonly values: Feeds;
  /** The new values of the parameters that are updated, by name; those that they replace are gone where a place was written over. */
  take(): Feeds;
  /** Frees what was computed, in place of taking it. */
  drop?(): void;
}

/** What an engine makes of a step whose roots all came out as arrays. */
export const computed = (
  values: Feeds,
  { updates = [] }: Pick<ProgramSpec, "updates">,
): Computed => ({
  values,
  take: () =>
    Object.fromEntries(
      updates.map(({ parameter: { attrs } }) => [attrs.name, values[updateKey(attrs.name)]]),
    ),
});

/** A spec, checked. */
export interface Plan {
  readonly spec: ProgramSpec;
  readonly parameters: Program["parameters"];
  /** All that is to be computed, in one sweep: outputs and updates share nodes and see the old state. */
  readonly roots: Readonly<Record<string, Node>>;
  readonly ranges: Ranges;
}

/** Outputs carry this before their names so that updates, whose names are parameters', cannot meet them. */
const outputKey = (name: string): string => `output:${name}`;
export const updateKey = (name: string): string => `next:${name}`;
const rangeKey = (i: number): string => `within:${i}`;

/** Outputs and updates of a spec as the outputs of one model. */
export const rootsOf = ({ outputs = {}, updates = [] }: ProgramSpec): Record<string, Node> =>
  Object.fromEntries([
    ...Object.entries(outputs).map(([name, node]) => [outputKey(name), node] as const),
    ...updates.map(({ parameter, next }) => [updateKey(parameter.attrs.name), next] as const),
  ]);

export function planOf(spec: ProgramSpec): Plan {
  const { roots, parameters } = checkSpec(spec);
  const ranges = rangesOf(roots);
  const ranged = ranges.computed.map(({ of }, i) => [rangeKey(i), of] as const);
  return {
    spec,
    parameters,
    roots: { ...rootsOf(spec), ...Object.fromEntries(ranged) },
    ranges,
  };
}

/** The program of a plan, whose values `engine` computes. */
export function programOf({ spec, parameters, ranges }: Plan, engine: Engine): Program {
  const { inputs = [], unused = [], outputs = {}, updates = [], finite = false, watch = [] } = spec;
  const known = new Set([...inputs, ...unused].map((x) => x.attrs.name));
  const { use, end } = lifetime({ what: "program", again: "compile" }, () => engine.release());

  /** The names of parameters that lie in a place of another runtime. */
  function checkGiven(feeds: Feeds, state: State): readonly string[] {
    for (const name in feeds) if (!known.has(name)) throw unknownFeed(name, [...known]);
    for (const { attrs } of inputs) checkFeed("input", attrs, feeds[attrs.name]);
    checkFed(ranges.fed, feeds);
    const foreign: string[] = [];
    for (const { attrs } of parameters) {
      const { place } = checkFeed("parameter", attrs, state.get(attrs.name), () =>
        adviceOn(attrs.name, state),
      );
      if (place && place !== engine.place) foreign.push(attrs.name);
    }
    return foreign;
  }
  async function step(feeds: Feeds, state: State): Promise<Feeds> {
    const foreign = checkGiven(feeds, state);
    const here: State =
      foreign.length === 0 ? state : new Map([...state, ...(await readNow(state, foreign))]);
    const found = await engine.compute(feeds, here);
    const { values } = found;
    const isDue = watch.every((name) => values[outputKey(name)].data.every(Number.isFinite));
    try {
      for (const [i, demand] of ranges.computed.entries()) checkRange(demand, values[rangeKey(i)]);
    } catch (error) {
      found.drop?.();
      throw error;
    }
    if (isDue) take(found, feeds, state);
    else found.drop?.();
    return Object.fromEntries(Object.keys(outputs).map((name) => [name, values[outputKey(name)]]));
  }
  /** The one place where state changes. */
  function take(found: Computed, feeds: Feeds, state: State): void {
    const next = Object.entries(found.take());
    if (finite) for (const [name, x] of next) checkFinite(name, x, feeds);
    for (const [name, x] of next) {
      const old = state.get(name);
      state.set(name, x);
      if (old && old !== x) old.place?.dispose?.(old);
    }
  }
  return {
    parameters,
    run: (feeds, state) =>
      use(() => inTurn(state, { updates: updates.length > 0 }, () => step(feeds, state))),
    release: end,
  };
}

const unknownFeed = (name: string, known: readonly string[]): Error =>
  new Error(
    `run: no input is called "${name}", got it among the feeds; the inputs are ${known.map((x) => `"${x}"`).join(", ") || "none"}`,
  );

/** What to do about a parameter that the state lacks: it may be there with its normalization, or without. */
function adviceOn(name: string, state: State): string {
  const [, path = "", letter] = /^(?:(.*)\.)?([^.]*)$/.exec(name) as unknown as [
    string,
    string | undefined,
    string,
  ];
  const under = (layer: string, last: string): string => (layer === "" ? last : `${layer}.${last}`);
  const layer = letter === "w" ? path : name;
  const v = under(layer, "v");
  const scale = [under(layer, "g"), under(layer, "s")].find((x) => state.has(x));
  if (state.has(v) && scale !== undefined)
    return `the state has "${v}" and "${scale}" in its place, so pass fold(state)`;
  const plain = [under(path, "w"), path].find((x) => state.has(x));
  if (["v", "g", "s"].includes(letter) && plain !== undefined)
    return `the state has "${plain}" in its place, so pass unfold(state, program.parameters)`;
  return "add it";
}

/** Throws where an update is not finite; what was fed is looked at to say more. */
function checkFinite(name: string, x: Tensor, feeds: Feeds): void {
  const bad = firstNotFinite(x);
  if (bad === undefined) return;
  const fed = Object.entries(feeds).flatMap(([input, given]) => {
    const found = firstNotFinite(given);
    return found === undefined ? [] : [` with ${found} in input "${input}"`];
  });
  throw new Error(
    `run: "${name}" would become ${bad}${fed.join("")}, and the state stays as it was; ${fed.length > 0 ? "feed finite numbers" : "look at what its layer is given"}`,
  );
}
const firstNotFinite = ({ dtype, data }: Tensor): number | undefined =>
  dtype === "float" ? (data as Float32Array).find((v) => !Number.isFinite(v)) : undefined;
