/** Loops of WebAssembly out of what is to be computed when. */
import type { NodeOf, OpName } from "../graph/index.ts";
import type { Value } from "./expression.ts";
import { lanes, type Lanes } from "./lanes.ts";
import type { Nest, Nests } from "./nests.ts";
import { normsOf, sumOf, sumOfLanes, type SumOrder } from "./reductions.ts";
import {
  BLOCK,
  scheduleOf,
  type Destination,
  type Group,
  type Home,
  type Phase,
} from "./schedule.ts";
import {
  ahead,
  bytes,
  constant,
  during,
  get,
  i32,
  int,
  set,
  v128,
  when,
  type Code,
  type Func,
  type Operator,
  type ValueType,
} from "./wasm.ts";

/** Where a pointer points: to a place of the step, a buffer, or the cell of a single number, of the value with that id. */
export type Address = Home | { readonly kind: "cell"; readonly id: number };

/** A function of (rows, width, address of a table of pointers), and where these point. */
export interface Kernel extends Pick<Nest, "rows" | "width"> {
  readonly func: Func;
  readonly pointers: readonly Address[];
  /** The buffers and cells that it needs: how many floats. */
  readonly buffers: readonly { readonly at: Address; readonly floats: number }[];
}
const [ROWS, WIDTH, TABLE] = [0, 1, 2];
const params = ["i32", "i32", "i32"] as const;
const below = (a: number, b: number): Code => i32.lessUnsigned(get(a), get(b));

/** The locals of a function, and its pointers, which are locals too. */
function frame(): {
  local(type: ValueType): number;
  pointer(to: Address): Code;
  /** The function with `body`, once its pointers are loaded. */
  done(body: Code): Pick<Kernel, "func" | "pointers">;
} {
  const locals: ValueType[] = [];
  const pointers = new Map<string, { readonly to: Address; readonly local: number }>();
  const local = (type: ValueType): number => params.length + locals.push(type) - 1;
  return {
    local,
    pointer(to) {
      const key = JSON.stringify(to);
      const known = pointers.get(key) ?? { to, local: local("i32") };
      pointers.set(key, known);
      return get(known.local);
    },
    done(body) {
      const all = [...pointers.values()];
      const loaded = all.flatMap((p, i) => set(p.local, i32.load(i32.add(get(TABLE), int(4 * i)))));
      return {
        func: { params, locals, body: [...loaded, ...body] },
        pointers: all.map((p) => p.to),
      };
    },
  };
}

const computed = ({ node }: Value, inputs: readonly Code[]): Code =>
  (lanes[node.op] as Lanes<OpName>)(node as NodeOf<OpName>, inputs);
const numberOf = ({ node }: Value): number => (node as NodeOf<"constant">).attrs.data[0];

/** Single numbers: each into a cell, and where it is stored. */
export function numbersKernel({ values, stores }: Nests["numbers"]): Kernel {
  const { local, pointer, done } = frame();
  const kept = values.filter((v) => v.kind !== "number");
  const locals = new Map(kept.map((v) => [v, local("v128")]));
  const code = (v: Value): Code =>
    v.kind === "number" ? constant(numberOf(v)) : get(locals.get(v)!);
  const cell = (v: Value): Address => ({ kind: "cell", id: v.id });
  const made = kept.flatMap((v) => {
    const x = v.at ? v128.loadSplat(pointer(v.at)) : computed(v, v.inputs.map(code));
    return [...set(locals.get(v)!, x), ...v128.storeFirst(pointer(cell(v)), get(locals.get(v)!))];
  });
  // Only now: what is stored over may have been loaded above.
  const stored = stores.flatMap(({ to, value }) => v128.storeFirst(pointer(to), code(value)));
  const buffers = kept.map((v) => ({ at: cell(v), floats: 1 }));
  return { rows: 1, width: 1, buffers, ...done([...made, ...stored]) };
}

/** The loops of a nest. */
export function nestKernel(nest: Nest, order: SumOrder): Kernel {
  const adds = order === "packets" && nest.width % 4 === 0; // else rows begin and end within a vector
  const { groups, homes } = scheduleOf(nest, { adds });
  const { local, pointer, done } = frame();
  const isRow = (v: Value): boolean => v.size < nest.rows * nest.width;
  const inNest = new Set(nest.values);
  const [row, block, stop, blockStart, at, packets, end] = [1, 2, 3, 4, 5, 6, 7].map(() =>
    local("i32"),
  );
  const locals = new Map<Value, number>();
  const localOf = (v: Value): number => {
    const known = locals.get(v) ?? local("v128");
    locals.set(v, known);
    return known;
  };
  const code = (v: Value): Code => (v.kind === "number" ? constant(numberOf(v)) : get(localOf(v)));

  const inBlock = (i: Code, home: Home, start: Code): Code =>
    home.kind === "buffer" ? i32.sub(i, start) : i;
  const addressOf = (home: Home): Code =>
    i32.add(pointer(home), inBlock(get(at), home, get(blockStart)));
  const rowAddressOf = (home: Home): Code =>
    i32.add(pointer(home), bytes(inBlock(get(row), home, get(block))));
  const rowStart = (i: number): Code => bytes(i32.mul(get(i), get(WIDTH)));

  /** What the loop of a phase uses and does not make, from where it lies. */
  const loaded = (phase: Phase): readonly Value[] => {
    const used = [
      ...[...phase.values, ...(adds ? phase.sums : [])].flatMap((v) => v.inputs),
      ...phase.stores.map((s) => s.value),
    ];
    return [...new Set(used)].filter(
      (v) => inNest.has(v) && !isRow(v) && !phase.values.includes(v),
    );
  };
  const elements = (phase: Phase, load: Operator, store: Operator): Code => [
    ...loaded(phase).flatMap((v) => set(localOf(v), load(addressOf(homes.get(v)!)))),
    ...phase.values.flatMap((v) => set(localOf(v), computed(v, v.inputs.map(code)))),
    ...phase.stores.flatMap(({ to, value }) => store(addressOf(to), code(value))),
  ];
  const stored = (destinations: readonly Destination[]): Code =>
    destinations.flatMap(({ to, value }) => v128.storeFirst(rowAddressOf(to), code(value)));
  const fromStart = [...set(at, rowStart(row)), ...set(end, i32.add(get(at), bytes(get(WIDTH))))];
  const throughRow = (phase: Phase): Code => [
    ...fromStart,
    ...set(packets, i32.add(get(at), i32.and(bytes(get(WIDTH)), int(-16)))),
    ...during(below(at, packets), [
      ...elements(phase, v128.load, v128.store),
      ...ahead(at, int(16)),
    ]),
    ...during(below(at, end), [
      ...elements(phase, v128.loadSplat, v128.storeFirst),
      ...ahead(at, int(4)),
    ]),
  ];
  /** The same with its sums, in the order of packets (see reductions.ts): the even ones, the odd ones, and a last one. */
  const addingUp = (phase: Phase): Code => {
    const accumulators = phase.sums.map(() => [local("v128"), local("v128")] as const);
    const packet = (which: 0 | 1): Code => [
      ...elements(phase, v128.load, v128.store),
      ...phase.sums.flatMap(({ inputs: [x] }, i) => {
        const sum = accumulators[i][which];
        return set(sum, v128.add(get(sum), code(x)));
      }),
      ...ahead(at, int(16)),
    ];
    return [
      ...accumulators.flat().flatMap((sum) => set(sum, constant(-0))), // -0 and x are x, whatever its sign
      ...fromStart,
      ...set(packets, i32.add(get(at), i32.and(bytes(get(WIDTH)), int(-32)))),
      ...during(below(at, packets), [...packet(0), ...packet(1)]),
      ...accumulators.flatMap(([even, odd]) => set(even, v128.add(get(even), get(odd)))),
      ...during(below(at, end), packet(0)),
      ...phase.sums.flatMap((v, i) => set(localOf(v), v128.splat(sumOfLanes(accumulators[i][0])))),
    ];
  };
  const sumsOf = ({ sums }: Phase): Code =>
    sums.flatMap((v) => {
      const home = homes.get(v.inputs[0])!;
      const start = inBlock(rowStart(row), home, get(blockStart));
      const aligned = i32.and(i32.mul(get(row), get(WIDTH)), int(3));
      return set(localOf(v), v128.splat(sumOf(i32.add(pointer(home), start), get(WIDTH), aligned)));
    });
  const loopOf = (phase: Phase): Code => {
    if (adds && phase.sums.length > 0) return addingUp(phase);
    return phase.values.length + phase.stores.length > 0 ? throughRow(phase) : [];
  };
  const phaseCode = (phase: Phase): Code => [
    ...phase.rowValues.flatMap((v) => set(localOf(v), computed(v, v.inputs.map(code)))),
    ...stored(phase.rowStores),
    ...loopOf(phase),
    ...(adds ? [] : sumsOf(phase)),
    ...stored(phase.sumStores),
  ];
  /** What a group uses of rows and other groups made. */
  const rowLoads = ({ phases }: Group): Code => {
    const made = new Set(phases.flatMap((p) => [...p.rowValues, ...p.sums]));
    const used = phases.flatMap((p) => [
      ...[...p.rowValues, ...p.values].flatMap((v) => v.inputs),
      ...[...p.rowStores, ...p.sumStores].map((s) => s.value),
    ]);
    return [...new Set(used)]
      .filter((v) => inNest.has(v) && isRow(v) && !made.has(v))
      .flatMap((v) => set(localOf(v), v128.loadSplat(rowAddressOf(homes.get(v)!))));
  };
  const groupCode = (group: Group): Code => [
    ...set(row, get(block)),
    ...during(below(row, stop), [
      ...rowLoads(group),
      ...group.phases.flatMap(phaseCode),
      ...ahead(row, int(1)),
    ]),
    ...group.norms.flatMap((v) => {
      const home = homes.get(v.inputs[0])!;
      const start = inBlock(rowStart(block), home, get(blockStart));
      const count = i32.sub(get(stop), get(block));
      return normsOf(i32.add(pointer(home), start), get(WIDTH), count, pointer(homes.get(v)!));
    }),
  ];
  const numbers = [...new Set(nest.values.flatMap((v) => v.inputs))]
    .concat(nest.stores.map((s) => s.value))
    .filter((v, i, all) => !inNest.has(v) && v.kind !== "number" && all.indexOf(v) === i);
  const body = [
    ...numbers.flatMap((v) => set(localOf(v), v128.loadSplat(pointer({ kind: "cell", id: v.id })))),
    ...during(below(block, ROWS), [
      ...set(blockStart, rowStart(block)),
      ...set(stop, i32.add(get(block), int(BLOCK))),
      ...when(below(ROWS, stop), set(stop, get(ROWS))),
      ...groups.flatMap(groupCode),
      ...ahead(block, int(BLOCK)),
    ]),
  ];
  const buffers = [...homes].flatMap(([v, home]) =>
    home.kind === "buffer" ? [{ at: home, floats: BLOCK * (isRow(v) ? 1 : nest.width) }] : [],
  );
  return { rows: nest.rows, width: nest.width, buffers, ...done(body) };
}
