/**
 * In which order this ONNX Runtime adds up the elements of a row. Its kernels differ by build and processor, so each order that
 * the pass knows is tried, and counts only if sums and norms have the same bits.
 */
import { constant, norm, sum } from "../graph/index.ts";
import { hash } from "../graph/hash.ts";
import { toModel } from "../onnx/index.ts";
import { SUM_ORDERS, rowFunctions, type SumOrder } from "../pass/index.ts";
import type { Ort } from "./session.ts";
import { compile, Instance, Memory } from "./webassembly.ts";

const found = new WeakMap<Ort, Promise<SumOrder | undefined>>();

/** Undefined where none of them is the runtime's. */
export function sumOrder(ort: Ort): Promise<SumOrder | undefined> {
  const order = found.get(ort) ?? probe(ort);
  found.set(ort, order);
  return order;
}

/** Rows that begin in and out of step with vectors, shorter and longer than some. */
const shapes = [
  [7, 3],
  [6, 27],
  [5, 144],
  [9, 77],
] as const;

async function probe(ort: Ort): Promise<SumOrder | undefined> {
  const cases = shapes.map(([rows, width], i) => ({
    ...{ rows, width },
    data: Float32Array.from({ length: rows * width }, (_, j) => hash(j, [i, 1]) / 2 ** 31 - 1),
  }));
  const outputs = cases.flatMap(({ rows, width, data }, i) => {
    const x = constant(data, [rows, width]);
    return [
      [`sum${i}`, sum(x, { axes: [1] })] as const,
      [`norm${i}`, norm(x, { axes: [1] })] as const,
    ];
  });
  // Where it does not run, the caller's own session is to say why.
  const expected = await valuesOf(ort, Object.fromEntries(outputs)).catch(() => undefined);
  for (const order of expected ? SUM_ORDERS : []) {
    const rowsOf = await ownRows(order);
    const isSame = cases.every(({ rows, width, data }, i) => {
      const { sums, norms } = rowsOf(rows, width, data);
      return same(sums, expected![`sum${i}`]) && same(norms, expected![`norm${i}`]);
    });
    if (isSame) return order;
  }
  return undefined;
}

const same = (a: Float32Array, b: Float32Array): boolean => a.every((x, i) => Object.is(x, b[i]));

/** Without optimizations: they would compute the constants beforehand, by the same kernels but of another session. */
async function valuesOf(
  ort: Ort,
  outputs: Parameters<typeof toModel>[0],
): Promise<Readonly<Record<string, Float32Array>>> {
  const session = await ort.InferenceSession.create(toModel(outputs).bytes, {
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 4,
  });
  const values = await session.run({});
  await session.release();
  return Object.fromEntries(
    Object.entries(values).map(([key, { data }]) => [key, data as Float32Array]),
  );
}

type Rows = (
  rows: number,
  width: number,
  data: Float32Array,
) => { readonly sums: Float32Array; readonly norms: Float32Array };

/** Sums and norms as a pass takes them. */
async function ownRows(order: SumOrder): Promise<Rows> {
  const memory = new Memory({ initial: 1 });
  const module = await compile(rowFunctions(order));
  const { exports } = new Instance(module, { host: { memory } });
  return (rows, width, data) => {
    const at = 64;
    const out = at + 4 * Math.ceil(data.length / 16) * 16;
    new Float32Array(memory.buffer, at, data.length).set(data);
    const sums = Float32Array.from({ length: rows }, (_, row) =>
      Number(exports["sum"](at + 4 * row * width, width, (row * width) % 4)),
    );
    for (let row = 0; row < rows; row += 8)
      exports["norms"](at + 4 * row * width, width, Math.min(8, rows - row), out + 4 * row);
    return { sums, norms: new Float32Array(memory.buffer, out, rows).slice() };
  };
}
