/**
 * Sums and norms of rows, added up in the order of ONNX Runtime's kernels, so that a pass has the bits of the graph: natively its
 * ReduceSum goes by packets of four floats, aligned ones, in two accumulators (Eigen's redux), in WebAssembly one by one;
 * ReduceL2 goes one by one in both. Eight rows go side by side where one would wait for each addition.
 */
import {
  ahead,
  bytes,
  call,
  during,
  f32,
  float,
  get,
  i32,
  int,
  laneOf,
  moduleOf,
  set,
  shuffle,
  v128,
  when,
  type Code,
  type Func,
} from "./wasm.ts";

/** How a build of ONNX Runtime adds up a row. */
export type SumOrder = "packets" | "sequence";

/** Where these functions are in a module. */
export const SUM = 0;
export const NORM = 1;
const SCALED = 2;

/** Calls them: a row at `at`, whose first element is `first` elements after an aligned one. */
export const sumOf = (at: Code, width: Code, first: Code): Code => call(SUM, at, width, first);
/** The norms of `rows` rows (at most 8) that follow `at`, put from `out` on. */
export const normsOf = (at: Code, width: Code, rows: Code, out: Code): Code =>
  call(NORM, at, width, rows, out);

const [AT, WIDTH] = [get(0), get(1)];

/** The lanes of a local, added up as Eigen does. */
export const sumOfLanes = (x: number): Code => {
  const pairs = [0, 1].map((i) => f32.add(laneOf(get(x), i), laneOf(get(x), i + 2)));
  return f32.add(...pairs);
};

/** Adds floats from `at` to before `end` to the sum, all of them locals. */
const addEach = (sum: number, at: number, end: number): Code =>
  during(i32.lessUnsigned(get(at), get(end)), [
    ...set(sum, f32.add(get(sum), f32.load(get(at)))),
    ...ahead(at, int(4)),
  ]);

function sumBySequence(): Func {
  const [at, end, sum] = [0, 3, 4];
  return {
    params: ["i32", "i32", "i32"],
    result: "f32",
    locals: ["i32", "f32"],
    body: [
      ...set(end, i32.add(AT, bytes(WIDTH))),
      ...set(sum, f32.load(AT)),
      ...ahead(at, int(4)),
      ...addEach(sum, at, end),
      ...get(sum),
    ],
  };
}

function sumByPackets(): Func {
  const [at, width, first] = [0, 1, 2];
  const [lead, end, packetsEnd, pairsEnd, begin] = [3, 4, 5, 6, 7];
  const [sum, even, odd] = [8, 9, 10];
  const isMore = (to: number): Code => i32.lessUnsigned(get(at), get(to));
  const next = (into: number): Code => [
    ...set(into, v128.add(get(into), v128.load(get(at)))),
    ...ahead(at, int(16)),
  ];
  return {
    params: ["i32", "i32", "i32"],
    result: "f32",
    locals: ["i32", "i32", "i32", "i32", "i32", "f32", "v128", "v128"],
    body: [
      ...set(begin, get(at)),
      ...set(lead, i32.and(i32.sub(int(4), get(first)), int(3))),
      ...when(i32.lessUnsigned(get(width), get(lead)), set(lead, get(width))),
      ...set(end, i32.add(get(at), bytes(get(width)))),
      ...set(packetsEnd, i32.and(i32.sub(get(width), get(lead)), int(-4))), // floats, so far
      ...when(i32.lessUnsigned(get(packetsEnd), int(1)), [
        ...set(sum, f32.load(get(at))),
        ...ahead(at, int(4)),
        ...addEach(sum, at, end),
        ...[...get(sum), 0x0f],
      ]),
      ...ahead(at, bytes(get(lead))),
      ...set(pairsEnd, i32.add(get(at), bytes(i32.and(get(packetsEnd), int(-8))))),
      ...set(packetsEnd, i32.add(get(at), bytes(get(packetsEnd)))),
      ...set(even, v128.load(get(at))),
      ...ahead(at, int(16)),
      ...when(isMore(packetsEnd), [
        ...set(odd, v128.load(get(at))),
        ...ahead(at, int(16)),
        ...during(isMore(pairsEnd), [...next(even), ...next(odd)]),
        ...set(even, v128.add(get(even), get(odd))),
        ...when(isMore(packetsEnd), next(even)),
      ]),
      ...set(sum, sumOfLanes(even)),
      ...set(pairsEnd, i32.add(get(begin), bytes(get(lead)))),
      ...addEach(sum, begin, pairsEnd),
      ...addEach(sum, packetsEnd, end),
      ...get(sum),
    ],
  };
}

/** The root of the sum of squares of a row's elements from `at` to before `end`, each times `by`, and then times `back`. */
function scaledNorm(): Func {
  const [at, end, by, back, sum, x] = [0, 1, 2, 3, 4, 5];
  return {
    params: ["i32", "i32", "f32", "f32"],
    result: "f32",
    locals: ["f32", "f32"],
    body: [
      ...during(i32.lessUnsigned(get(at), get(end)), [
        ...set(x, f32.mul(f32.load(get(at)), get(by))),
        ...set(sum, f32.add(get(sum), f32.mul(get(x), get(x)))),
        ...ahead(at, int(4)),
      ]),
      ...f32.mul(f32.sqrt(get(sum)), get(back)),
    ],
  };
}

/** Norms of any size: what is too small or too large for its squares is scaled first (see src/onnx/norm.ts). */
function norms(): Func {
  const [at, width, rows, out] = [0, 1, 2, 3];
  const [stride, column, columns, end, squares, x] = [4, 5, 6, 7, 8, 9];
  const again = (by: number, back: number): Code =>
    set(x, call(SCALED, get(at), get(end), float(2 ** by), float(2 ** back)));
  /** Four rows from the `first` on, a lane each. */
  const side = (first: number): { readonly four: Code; readonly sums: number } => {
    const [a, b, c, d, ab, cd, abHigh, cdHigh, sums] = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(
      (i) => 10 + (9 * first) / 4 + i,
    );
    const row = (i: number): Code =>
      v128.load(i32.add(get(at), i32.add(i32.mul(get(stride), int(first + i)), get(column))));
    const both = (low: number, high: number, lanes: readonly number[]): Code =>
      shuffle(get(low), get(high), lanes);
    const four = [
      ...[a, b, c, d].flatMap((v, i) => set(v, row(i))),
      ...set(ab, both(a, b, [0, 4, 1, 5])),
      ...set(cd, both(c, d, [0, 4, 1, 5])),
      ...set(abHigh, both(a, b, [2, 6, 3, 7])),
      ...set(cdHigh, both(c, d, [2, 6, 3, 7])),
      ...set(a, both(ab, cd, [0, 1, 4, 5])),
      ...set(b, both(ab, cd, [2, 3, 6, 7])),
      ...set(c, both(abHigh, cdHigh, [0, 1, 4, 5])),
      ...set(d, both(abHigh, cdHigh, [2, 3, 6, 7])),
      ...[a, b, c, d].flatMap((v) => set(sums, v128.add(get(sums), v128.mul(get(v), get(v))))),
    ];
    return { four, sums };
  };
  const [low, high] = [side(0), side(4)];
  return {
    params: ["i32", "i32", "i32", "i32"],
    locals: [
      ...(["i32", "i32", "i32", "i32", "f32", "f32"] as const),
      ...Array.from({ length: 18 }, () => "v128" as const),
    ],
    body: [
      ...set(stride, bytes(get(width))),
      ...when(i32.lessUnsigned(int(7), get(rows)), [
        ...set(columns, bytes(i32.and(get(width), int(-4)))),
        ...during(i32.lessUnsigned(get(column), get(columns)), [
          ...low.four,
          ...high.four,
          ...ahead(column, int(16)),
        ]),
      ]),
      ...v128.store(get(out), get(low.sums)),
      ...v128.store(i32.add(get(out), int(16)), get(high.sums)),
      ...during(i32.lessUnsigned(int(0), get(rows)), [
        ...set(end, i32.add(get(at), get(stride))),
        ...set(squares, f32.load(get(out))),
        ...set(column, i32.add(get(at), get(columns))),
        ...during(i32.lessUnsigned(get(column), get(end)), [
          ...set(x, f32.load(get(column))),
          ...set(squares, f32.add(get(squares), f32.mul(get(x), get(x)))),
          ...ahead(column, int(4)),
        ]),
        ...set(x, f32.sqrt(get(squares))),
        ...when(f32.less(get(x), float(2 ** -40)), again(90, -90)),
        ...when(f32.greater(get(x), float(2 ** 40)), again(-80, 80)),
        ...f32.store(get(out), get(x)),
        ...ahead(out, int(4)),
        ...set(at, get(end)),
        ...set(rows, i32.sub(get(rows), int(1))),
      ]),
    ],
  };
}

/** What every module begins with. */
export const reductions = (order: SumOrder): readonly Func[] => [
  order === "packets" ? sumByPackets() : sumBySequence(),
  norms(),
  scaledNorm(),
];

/** Every order that is known. */
export const SUM_ORDERS: readonly SumOrder[] = ["packets", "sequence"];

/** A module of the reductions alone, as "sum" and "norms", to be tried. */
export const rowFunctions = (order: SumOrder): Uint8Array<ArrayBuffer> =>
  moduleOf(
    reductions(order).map((func, i) => {
      const name = i === SUM ? "sum" : i === NORM ? "norms" : undefined;
      return name === undefined ? func : { ...func, name };
    }),
  );
