/** Rows that are not there: asked for by what is fed, by constants, and by what the graph computes, on every runtime. */
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import {
  add,
  arange,
  argmax,
  broadcastTo,
  cast,
  concat,
  constant,
  gather,
  input,
  mul,
  parameter,
  randomNormal,
  reshape,
  scatterAdd,
  slice,
  sum,
  topK,
  transpose,
  within,
  type Node,
} from "../../src/graph/index.ts";
import { arms, embedding, trace } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";
import { initialState, tensor, type State, type Tensor } from "../../src/runtime/program.ts";
import { rangesOf } from "../../src/runtime/ranges.ts";
import { trainStep } from "../../src/train/step.ts";
import { runtimes } from "./runtimes.ts";

const ids = input("ids", [2, 3], "int32");
const i = input("i", [3], "int32");
const x = input("x", [3]);
const table = constant([10, 20, 30, 40, 50]);
const int32 = (data: readonly number[], shape = [data.length]): Tensor =>
  tensor(data, shape, "int32");
const inRange = (n: Node): Node => within(n, { least: 1, most: 4, or: -100, what: "the labels" });

describe.each(runtimes)("%s", (_, runtime) => {
  const run = async (y: Node, feeds: Readonly<Record<string, Tensor>>): Promise<number[]> => {
    const inputs = [ids, i, x].filter(({ attrs }) => attrs.name in feeds);
    const program = await runtime.compile({ inputs, outputs: { y } });
    try {
      return [...(await program.run(feeds, new Map())).y.data];
    } finally {
      await program.release();
    }
  };
  const message = (y: Node, feeds: Readonly<Record<string, Tensor>>): Promise<string> =>
    run(y, feeds).then(String, (error: unknown) => (error as Error).message);

  test("gather and scatterAdd refuse what is fed outside", async () => {
    const rows = gather(table, i);
    expect(await run(rows, { i: int32([4, 0, 4]) })).toEqual([50, 10, 50]);
    expect(await message(rows, { i: int32([0, 5, 1]) })).toBe(
      'gather: expected whole numbers from 0 to 4, got 5 at [1] of input "i"; check them',
    );
    expect(await message(rows, { i: int32([0, 1, -1]) })).toBe(
      'gather: expected whole numbers from 0 to 4, got -1 at [2] of input "i"; check them',
    );
    expect(await message(scatterAdd(i, x, 2), { i: int32([0, 1, 2]), x: tensor([1, 2, 3]) })).toBe(
      'scatterAdd: expected whole numbers from 0 to 1, got 2 at [2] of input "i"; check them',
    );
  });

  test("also where it comes through reshapes, transposes and slices, of which only the elements used count", async () => {
    const column = slice(transpose(ids), { axis: 0, start: 1, end: 2 }); // ids[:, 1]
    const rows = gather(table, reshape(broadcastTo(column, [2, 2]), [4]));
    expect(await run(rows, { ids: int32([9, 1, -9, 9, 2, -9], [2, 3]) })).toEqual([20, 30, 20, 30]);
    expect(await message(rows, { ids: int32([0, 1, 2, 3, 9, 4], [2, 3]) })).toBe(
      'gather: expected whole numbers from 0 to 4, got 9 at [1, 1] of input "ids"; check them',
    );
    const both = gather(table, concat([i, slice(reshape(ids, [6]), { axis: 0, end: 1 })], 0));
    expect(
      await message(both, { i: int32([0, 1, 2]), ids: int32([7, 0, 0, 0, 0, 0], [2, 3]) }),
    ).toBe(
      'gather: expected whole numbers from 0 to 4, got 7 at [0, 0] of input "ids"; check them',
    );
  });

  test("and what the graph computes", async () => {
    const rows = gather(table, add(i, 1));
    expect(await run(rows, { i: int32([-1, 3, 0]) })).toEqual([10, 50, 20]);
    expect(await message(rows, { i: int32([0, -2, 0]) })).toBe(
      "gather: expected whole numbers from 0 to 4, got -1 at [1] of what the graph computes; check how they are computed",
    );
    expect(await message(rows, { i: int32([0, 4, 0]) })).toMatch(
      /^gather: expected whole numbers from 0 to 4, got 5 .*what the graph computes; check how they are computed$/,
    );
    const sums = scatterAdd(cast(x, "int32"), x, 3);
    expect(await message(sums, { x: tensor([0, 3, 1]) })).toMatch(
      /^scatterAdd: expected whole numbers from 0 to 2, got 3 /,
    );
    expect(await message(sums, { x: tensor([0, -1, 1]) })).toMatch(
      /^scatterAdd: expected whole numbers from 0 to 2, got -1 /,
    );
  });

  test("within lets its range through, and the one number beside it", async () => {
    expect(await run(inRange(i), { i: int32([1, -100, 4]) })).toEqual([1, -100, 4]);
    expect(await message(inRange(i), { i: int32([1, 0, 4]) })).toBe(
      'the labels: expected whole numbers from 1 to 4 or -100, got 0 at [1] of input "i"; check them',
    );
    expect(await message(inRange(add(i, 1)), { i: int32([1, 2, 4]) })).toBe(
      "the labels: expected whole numbers from 1 to 4 or -100, got 5 at [2] of what the graph computes; check how they are computed",
    );
  });

  test("an embedding says its name, and a step that fails changes nothing", async () => {
    const spec = trainStep(
      (scope) => ({ loss: sum(embedding(5, 2)(scope.child("encoder", "encoder"), ids)) }),
      { inputs: [ids], norm: arms.weight, optimizer: sgd({ lr: 1 }) },
    );
    const program = await runtime.compile(spec);
    const state: State = initialState(program.parameters, 1);
    const before = structuredClone(state);
    for (const bad of [-1, 5])
      await expect(
        program.run({ ids: int32([0, 1, 2, 3, 4, bad], [2, 3]) }, state),
      ).rejects.toThrow(
        `encoder.embedding1: expected whole numbers from 0 to 4, got ${bad} at [1, 2] of input "ids"; check them`,
      );
    expect(state).toEqual(before);
    await program.run({ ids: int32([0, 1, 2, 3, 4, 0], [2, 3]) }, state);
    expect(state).not.toEqual(before);
    await program.release();
  });

  test("of what is computed too, a step that fails changes nothing", async () => {
    const p = parameter("p", [3], { init: { kind: "values", values: [1, 2, 3] } });
    const loss = sum(gather(p, add(i, -1)));
    const updates = sgd({ lr: 1 })([p], grad(loss, [p]));
    const program = await runtime.compile({ inputs: [i], outputs: { loss }, updates });
    const state = initialState([p], 1);
    for (const bad of [0, 4])
      await expect(program.run({ i: int32([1, bad, 1]) }, state)).rejects.toThrow(
        `gather: expected whole numbers from 0 to 2, got ${bad - 1}`,
      );
    expect([...state.get("p")!.data]).toEqual([1, 2, 3]);
    await program.release();
  });

  test("constants are refused when a program is compiled", async () => {
    const y = gather(table, constant([0, 1, 5, 2], [2, 2], "int32"));
    await expect(runtime.compile({ outputs: { y } })).rejects.toThrow(
      "gather: expected whole numbers from 0 to 4, got 5 at [1, 0] of a constant; check them",
    );
  });
});

describe("what needs no check has none", () => {
  test("indices that are in range whatever is fed", () => {
    const key = input("key", [2], "uint32");
    const logits = input("logits", [4, 5]);
    for (const y of [
      randomNormal(key, { shape: [100], stream: 0 }),
      gather(table, argmax(logits)),
      gather(table, arange(5)),
      gather(table, reshape(within(add(i, 1), { least: 0, most: 4, what: "i" }), [3, 1])),
    ])
      expect(rangesOf([y]).fed).toEqual([]);
    expect(rangesOf([randomNormal(key, { shape: [100], stream: 0 })]).computed).toEqual([]);
    expect(rangesOf([gather(constant([1, 2]), argmax(logits))]).computed).toHaveLength(1);
  });
  test("topK's positions, and what is added to indices as far as it stays in range", () => {
    const y = input("y", [2, 5, 3]);
    for (const axis of [0, 1, 2]) {
      const values = topK(mul(y, y), 2, axis).values;
      const [dy] = grad(sum(values), [y]);
      expect(rangesOf([values, dy])).toEqual({ fed: [], computed: [] });
    }
    const best = argmax(input("logits", [4, 4])); // 0 to 3
    const computed = (index: Node): number => rangesOf([gather(table, index)]).computed.length;
    expect(computed(add(best, 1))).toBe(0);
    expect(computed(add(best, constant([1, 0, 1, 0], [4], "int32")))).toBe(0);
    expect(computed(add(best, 2))).toBe(1);
    expect(computed(add(best, -1))).toBe(1);
    expect(computed(add(best, best))).toBe(1);
    expect(computed(mul(best, 2 ** 30))).toBe(1);
    let doubled: Node = best; // as deep as this, each node is looked at once or never done
    for (let k = 0; k < 60; k++) doubled = add(doubled, doubled);
    expect(computed(doubled)).toBe(1);
  });
  test("what was asked before, by the same range or a smaller one", () => {
    const y = mul(gather(table, i), sum(gather(concat([table, table], 0), i)));
    expect(rangesOf([y]).fed).toHaveLength(1);
    const p = parameter("p", [5], { init: { kind: "constant", value: 0 } });
    const [dp] = grad(sum(gather(p, i)), [p]);
    expect(rangesOf([sum(gather(p, i)), dp]).fed).toHaveLength(1);
    const { value } = trace((scope) => embedding(5, 2)(scope, ids), {
      mode: "eval",
      norm: arms.plain,
    });
    expect(rangesOf([value]).fed.map(({ demand }) => demand.what)).toEqual(["embedding1"]);
  });
});
