/**
 * Steps on processors: the graph by ONNX Runtime, what follows it in place. What rests on parameters alone is computed when they
 * change: by the loops that change them, or by a small model of its own.
 */
import { sizeOf, type Input, type Node } from "../graph/index.ts";
import { inputName, parameterName } from "../onnx/index.ts";
import { splitOf, type Split, type SumOrder } from "../pass/index.ts";
import { memory } from "./arena.ts";
import { recall, remember } from "./hoisted.ts";
import { inPlace, MOST_BYTES, type Prepared } from "./in-place.ts";
import type { Opened, OrtTensor } from "./session.ts";
import type { State, Tensor, TensorData } from "./program.ts";
import { updateKey, type Engine, type Plan } from "./run.ts";

type Feeds = Readonly<Record<string, Tensor>>;
type Roots = Readonly<Record<string, Node>>;

export interface CpuOptions {
  /** A session for the values of these nodes. */
  readonly open: (roots: Roots) => Promise<Opened>;
  /** Whether the step is cut, and in which order sums are taken then. */
  readonly cut: { readonly order: SumOrder | undefined } | undefined;
  readonly toOrt: (x: Tensor) => OrtTensor;
  /** Whether a session writes outputs into arrays that it is given. */
  readonly writes: boolean;
}

const handedKey = (i: number): string => `handed:${i}`;
const isHanded = (key: string): boolean => key.startsWith("handed:");
const hoistedKey = (i: number): string => `hoisted:${i}`;

/** The engine of a plan on a processor. */
export async function cpuEngine(plan: Plan, options: CpuOptions): Promise<Engine> {
  const { spec, parameters } = plan;
  const { open, toOrt, writes } = options;
  const split = splitFor(plan, options);
  const loops = split.pass && (await inPlace({ ...split, pass: split.pass }));
  const main = await open({
    ...split.roots,
    ...Object.fromEntries(
      split.stay.map(({ parameter: { attrs }, next }) => [updateKey(attrs.name), next]),
    ),
    ...Object.fromEntries(
      split.handed.flatMap(({ from }, i) => (isFed(from) ? [] : [[handedKey(i), from] as const])),
    ),
  });
  let before: Promise<Opened> | undefined;

  /** What is hoisted, for this state. */
  async function hoistedOf(state: State): Promise<readonly Tensor[]> {
    const rests = split.hoisted.map((h) => h.of.map((name) => state.get(name)!));
    const known = split.hoisted.map((h, i) => recall(h.key, rests[i]));
    if (known.every((x) => x !== undefined)) return known;
    before ??= open(Object.fromEntries(split.hoisted.map((h, i) => [hoistedKey(i), h.node])));
    const { session, takes, roots } = await before.catch((error: unknown) => {
      before = undefined;
      throw error;
    });
    const given: Record<string, OrtTensor> = {};
    for (const { attrs } of parameters)
      if (takes.has(parameterName(attrs.name)))
        given[parameterName(attrs.name)] = toOrt(state.get(attrs.name)!);
    const values = await session.run(given);
    rests.flat().forEach(needStill);
    return split.hoisted.map((h, i) => {
      const value = known[i] ?? valueOf(roots[hoistedKey(i)], values[hoistedKey(i)]);
      remember(h.key, { of: rests[i], value });
      return value;
    });
  }

  /** What the graph is fed, by key: chosen once, since steps are many. */
  type Source = (feeds: Feeds, state: State, hoisted: readonly Tensor[]) => Tensor;
  const sources = [
    ...(spec.inputs ?? []).map(({ attrs: { name } }): [string, Source] => [
      inputName(name),
      (feeds) => feeds[name],
    ]),
    ...parameters.map(({ attrs: { name } }): [string, Source] => [
      parameterName(name),
      (_, state) => state.get(name)!,
    ]),
    ...split.hoisted.map((h, i): [string, Source] => [
      inputName(h.input.attrs.name),
      (_, __, hoisted) => hoisted[i],
    ]),
  ].filter(([key]) => main.takes.has(key));
  const fresh = Object.entries(main.roots).filter(([key]) => !(writes && isHanded(key)));
  const handedOver = split.handed.map(({ from }, i) => ({
    fed: isFed(from) ? from : undefined,
    i,
  }));

  return {
    place: memory,
    async compute(feeds, state) {
      const hoisted = split.hoisted.length > 0 ? await hoistedOf(state) : [];
      const prepared = loops?.prepare(state, hoisted);
      const given: Record<string, OrtTensor> = {};
      const fed = sources.map(([, source]) => source(feeds, state, hoisted));
      for (const [i, [key]] of sources.entries()) given[key] = toOrt(fed[i]);
      const found = await main.session.run(given, writes ? room(prepared) : undefined);
      fed.forEach(needStill);
      const values: Record<string, Tensor> = {};
      for (const [key, n] of fresh) values[key] = valueOf(n, found[key]);
      return {
        values,
        take: () => ({ ...stayed(values), ...prepared?.take(handed(values, feeds), feeds) }),
      };
    },
    async release() {
      await main.session.release();
      await (await before)?.session.release();
    },
  };

  function stayed(values: Feeds): Record<string, Tensor> {
    const next: Record<string, Tensor> = {};
    for (const {
      parameter: { attrs },
    } of split.stay)
      next[attrs.name] = values[updateKey(attrs.name)];
    return next;
  }
  /** What the loops are handed; undefined of what the graph has already written where they look. */
  function handed(values: Feeds, feeds: Feeds): readonly (Tensor | undefined)[] {
    return handedOver.map(({ fed, i }) => (fed ? feeds[fed.attrs.name] : values[handedKey(i)]));
  }
  /** By output where to write it, or null for an array of its own. */
  function room(prepared: Prepared | undefined): Record<string, OrtTensor | null> {
    const all: Record<string, OrtTensor | null> = {};
    for (const key in main.roots) all[key] = null;
    for (const { fed, i } of prepared ? handedOver : [])
      if (!fed)
        all[handedKey(i)] = toOrt({
          ...typeOf(split.handed[i].node),
          ...{ data: prepared!.handed[i], place: memory },
        });
    return all;
  }
  /** Whether it is no work of the graph: gradients may come from elsewhere. */
  function isFed(n: Node): n is Input {
    return n.op === "input" && (spec.inputs ?? []).some((x) => x.attrs.name === n.attrs.name);
  }
}

/** Throws where a value was written over while the graph ran: a copy of its state was stepped. */
const needStill = ({ data }: Tensor): number => data.length;
const typeOf = ({ shape, dtype }: Node): Pick<Tensor, "shape" | "dtype"> => ({ shape, dtype });
const valueOf = (n: Node, { data }: OrtTensor): Tensor => ({
  ...typeOf(n),
  data: data as TensorData,
});

/** The cut, or the whole step as one graph. */
function splitFor({ spec, roots }: Plan, { cut }: CpuOptions): Split {
  const updates = spec.updates ?? [];
  const whole: Split = {
    roots: Object.fromEntries(Object.entries(roots).filter(([key]) => !isUpdate(key))),
    ...{ stay: updates, handed: [], hoisted: [], updates: [], pass: undefined },
  };
  if (!cut) return whole;
  const split = splitOf({ roots: whole.roots, updates, order: cut.order });
  return bytesOf(split) > MOST_BYTES ? whole : split;
}
const isUpdate = (key: string): boolean => key.startsWith(updateKey(""));

function bytesOf({ pass, hoisted, handed }: Split): number {
  const sizes = [...hoisted, ...handed].map(({ node }) => sizeOf(node.shape));
  return 4 * [...(pass?.parameters.values() ?? []), ...sizes].reduce((a, b) => a + b, 0);
}
