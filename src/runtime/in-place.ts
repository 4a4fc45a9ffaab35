/** The part of a step that follows the graph: loops over the memory that the state lies in. */
import { sizeOf } from "../graph/index.ts";
import type { Address, Pass, Split } from "../pass/index.ts";
import { arenaOf, copied, fill, held, memory, type Arena, type Slot } from "./arena.ts";
import { remember } from "./hoisted.ts";
import type { State, Tensor } from "./program.ts";
import { compile, Instance } from "./webassembly.ts";

/** The loops of a program, for whatever state it is given. */
export interface InPlace {
  /** Has the state in memory, where it is not yet. `hoisted` are the values of what is hoisted, in order. */
  prepare(state: State, hoisted: readonly Tensor[]): Prepared;
}
export interface Prepared {
  /** Where the graph may put what it hands over, in order. */
  readonly handed: readonly Float32Array<ArrayBuffer>[];
  /** Runs the loops on what was handed over, where it is not there yet, and says what the parameters are now. */
  take(
    handed: readonly (Tensor | undefined)[],
    feeds: Readonly<Record<string, Tensor>>,
  ): Readonly<Record<string, Tensor>>;
}

/** More than this is not put in one memory, whose addresses have 32 bits. */
export const MOST_BYTES: number = 3 * 2 ** 30;

export async function inPlace({
  pass,
  ...split
}: Split & { readonly pass: Pass }): Promise<InPlace> {
  const module = await compile(pass.module);
  const bound = new WeakMap<Arena, Binding>();
  return {
    prepare(state, hoisted) {
      const arena = arenaOf(state);
      const binding = bound.get(arena) ?? bind(arena, module, { pass, ...split });
      bound.set(arena, binding);
      placeIn(binding, state);
      for (const [i, slot] of binding.hoisted.entries())
        if (slot && slot.given !== hoisted[i]) fill(slot, hoisted[i]);
      return {
        handed: binding.handed(),
        take(handed, feeds) {
          const views = binding.handed();
          for (const [i, x] of handed.entries()) if (x) views[i].set(x.data);
          binding.run(feeds);
          return taken(state, split, binding);
        },
      };
    },
  };
}

/**
 * Has every parameter in its slot. Values of a memory that were put under another name, and what is to be written over and still
 * is in the state, first become arrays of their own, so that nothing is lost.
 */
function placeIn({ parameters }: Binding, state: State): void {
  const lacking = [...parameters].filter(([name, slot]) => slot.given !== state.get(name));
  if (lacking.length === 0) return;
  const endangered = new Set<Tensor>(lacking.flatMap(([, slot]) => slot.given ?? []));
  const moved = new Set(lacking.map(([name]) => name));
  for (const [name, x] of state)
    if (endangered.has(x) || (moved.has(name) && x.place === memory)) state.set(name, copied(x));
  for (const [name, slot] of lacking) fill(slot, state.get(name)!);
}

/** The values that the loops have left, and what is known of them. */
function taken(
  state: State,
  { updates, hoisted }: Pick<Split, "updates" | "hoisted">,
  binding: Binding,
): Record<string, Tensor> {
  const next: Record<string, Tensor> = {};
  for (const {
    parameter: { attrs, shape },
  } of updates)
    next[attrs.name] = held(binding.parameters.get(attrs.name)!, shape);
  for (const [i, h] of hoisted.entries()) {
    if (!h.next) continue;
    const of = h.of.map((name) => next[name] ?? state.get(name)!);
    remember(h.key, {
      of,
      value: held(binding.hoisted[i]!, h.node.shape),
    });
  }
  return next;
}

/** The loops on the memory of one state. */
interface Binding {
  readonly parameters: ReadonlyMap<string, Slot>;
  /** By what is hoisted; undefined of what the loops have no part in. */
  readonly hoisted: readonly (Slot | undefined)[];
  handed(): readonly Float32Array<ArrayBuffer>[];
  run(feeds: Readonly<Record<string, Tensor>>): void;
}
function bind(
  arena: Arena,
  module: object,
  { pass, hoisted, handed }: Split & { readonly pass: Pass },
): Binding {
  const parameters = new Map(
    [...pass.parameters].map(([name, floats]) => [name, arena.slot(name, floats)] as const),
  );
  const slots = hoisted.map(({ key, node, next }) =>
    next || pass.reads.has(key) ? arena.slot(`hoisted ${key}`, sizeOf(node.shape)) : undefined,
  );
  const { offsets, bytes } = layout(pass, handed);
  const scratch = arena.scratch(bytes);
  const addressOf = (to: Address): number => {
    if (to.kind === "parameter") return parameters.get(to.name)!.at;
    if (to.kind === "hoisted") return slots[hoisted.findIndex((h) => h.key === to.key)]!.at;
    return scratch + offsets.get(JSON.stringify(to))!;
  };
  const { exports } = new Instance(module, { host: { memory: arena.memory } });
  const calls = pass.calls.map(({ name, rows, width, pointers }) => {
    const table = arena.room(4 * pointers.length);
    new Uint32Array(arena.memory.buffer, table, pointers.length).set(pointers.map(addressOf));
    return () => void exports[name](rows, width, table);
  });
  const floats = (to: Address, count: number): Float32Array<ArrayBuffer> =>
    new Float32Array(arena.memory.buffer, addressOf(to), count);
  const viewsNow = (): readonly Float32Array<ArrayBuffer>[] =>
    handed.map(({ node }, index) => floats({ kind: "handed", index }, sizeOf(node.shape)));
  let views = viewsNow();
  return {
    parameters,
    hoisted: slots,
    handed: () => (views = views[0]?.buffer === arena.memory.buffer ? views : viewsNow()),
    run(feeds) {
      for (const name of pass.fed) floats({ kind: "fed", name }, 1)[0] = feeds[name].data[0];
      for (const call of calls) call();
    },
  };
}

/** Where things are that last from the graph to the end of the step; buffers only as long as their kernel. */
function layout(
  { calls, fed }: Pass,
  handed: Split["handed"],
): { readonly offsets: ReadonlyMap<string, number>; readonly bytes: number } {
  const offsets = new Map<string, number>();
  let end = 0;
  const put = (to: Address, floats: number): void => {
    offsets.set(JSON.stringify(to), end);
    end += Math.ceil(floats / 16) * 64;
  };
  for (const [index, { node }] of handed.entries())
    put({ kind: "handed", index }, sizeOf(node.shape));
  for (const name of fed) put({ kind: "fed", name }, 1);
  const buffers = calls.map((c) => c.buffers);
  for (const { at, floats } of buffers.flat()) if (at.kind === "cell") put(at, floats);
  const [shared, ends] = [end, [end]];
  for (const own of buffers) {
    end = shared;
    for (const { at, floats } of own) if (at.kind === "buffer") put(at, floats);
    ends.push(end);
  }
  return { offsets, bytes: Math.max(...ends) };
}
