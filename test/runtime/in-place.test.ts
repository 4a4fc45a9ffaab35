/** State in memory that steps write over: what is copied, what is shared, and what says that it is gone. */
import { describe, expect, test } from "vitest";
import { add, input, mul, norm, parameter, sum, type Parameter } from "../../src/graph/index.ts";
import { normalize } from "../../src/nn/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { initialState, tensor, type Program, type State } from "../../src/runtime/program.ts";
import { read } from "../../src/runtime/read.ts";
import { webRuntime } from "../../src/runtime/web.ts";

const by = (name: string, n: number, value = 1): Parameter =>
  parameter(name, [n], { init: { kind: "constant", value } });
const numbers = (state: State, name: string): readonly number[] => [...state.get(name)!.data];
const [a, b] = [by("a", 3), by("b", 70_000, 2)];

describe.each([
  ["node", nodeRuntime({ threads: 1 })],
  ["web", webRuntime()],
])("%s", (_, runtime) => {
  const doubling = (p: Parameter): Promise<Program> =>
    runtime.compile({ updates: [{ parameter: p, next: mul(p, 2) }] });
  const ended = (...programs: readonly Program[]): Promise<unknown> =>
    Promise.all(programs.map((p) => p.release()));

  test("a value that a step has written over says so", async () => {
    const program = await doubling(a);
    const state = initialState([a], 1);
    const first = state.get("a")!;
    await program.run({}, state);
    const second = state.get("a")!;
    const copy = await read(state);
    await program.run({}, state);
    expect([...first.data]).toEqual([1, 1, 1]); // was never in that memory
    expect(() => second.data.length).toThrow("take it from the state again");
    expect(numbers(copy, "a")).toEqual([2, 2, 2]);
    expect(numbers(state, "a")).toEqual([4, 4, 4]);
    await expect(program.run({}, new Map([["a", second]]))).rejects.toThrow("is gone");
    await ended(program);
  });

  test("two states with one value part at the first step", async () => {
    const program = await doubling(a);
    const state = initialState([a], 1);
    await program.run({}, state);
    const other = new Map(state);
    await program.run({}, other);
    expect(numbers(state, "a")).toEqual([2, 2, 2]);
    expect(numbers(other, "a")).toEqual([4, 4, 4]);
    await program.run({}, state);
    expect(numbers(other, "a")).toEqual([4, 4, 4]);
    await ended(program);
  });

  test("what is put in takes effect, and what is taken out is not written over", async () => {
    const program = await doubling(a);
    const state = initialState([a], 1);
    await program.run({}, state);
    const mine = tensor([5, 6, 7]);
    state.set("a", mine);
    await program.run({}, state);
    expect(numbers(state, "a")).toEqual([10, 12, 14]);
    expect([...mine.data]).toEqual([5, 6, 7]);
    await ended(program);
  });

  test("values stay where memory grows for another program", async () => {
    const [small, large] = [await doubling(a), await doubling(b)];
    const state = initialState([a, b], 1);
    await small.run({}, state);
    const held = state.get("a")!;
    await large.run({}, state); // 280 kB more than the first page
    expect([...held.data]).toEqual([2, 2, 2]);
    await small.run({}, state);
    await large.run({}, state);
    expect(numbers(state, "a")).toEqual([4, 4, 4]);
    expect(new Set(numbers(state, "b"))).toEqual(new Set([8]));
    await ended(small, large);
  });

  test("what rests on parameters follows them, whoever changes them", async () => {
    const v = parameter("v", [3, 2], { init: { kind: "values", values: [3, 4, 0, 0, 5, 12] } });
    const g = parameter("g", [3, 1], { init: { kind: "values", values: [1, 2, 13] } });
    const x = input("x", [2]);
    const ask = await runtime.compile({
      inputs: [x],
      outputs: { y: sum(mul(normalize(v, g), x), { axes: 1 }) },
    });
    const change = await runtime.compile({
      inputs: [x],
      outputs: { y: sum(mul(normalize(v, g), x), { axes: 1 }) },
      updates: [{ parameter: g, next: mul(g, 2) }],
    });
    const state = initialState([v, g], 1);
    const asked = async (): Promise<readonly number[]> =>
      [...(await ask.run({ x: tensor([1, 1]) }, state))["y"].data].map((y) => +y.toFixed(5));
    expect(await asked()).toEqual([1.4, 0, 17]);
    await change.run({ x: tensor([1, 1]) }, state);
    expect(await asked()).toEqual([2.8, 0, 34]);
    state.set("v", tensor([0, 1, 1, 0, 3, 4], [3, 2]));
    expect(await asked()).toEqual([2, 4, 36.4]);
    const { y } = await change.run({ x: tensor([1, 1]) }, state);
    expect([...y.data].map((t) => +t.toFixed(5))).toEqual([2, 4, 36.4]);
    expect(await asked()).toEqual([4, 8, 72.8]);
    await ended(ask, change);
  });

  test("a copy of a state that is stepped while another looks at it is an error, not newer numbers", async () => {
    const x = input("x", [3]);
    const ask = await runtime.compile({ inputs: [x], outputs: { y: mul(a, x) } });
    const program = await doubling(a);
    const state = initialState([a], 1);
    await program.run({}, state);
    const looking = ask.run({ x: tensor([1, 1, 1]) }, new Map(state));
    const stepping = program.run({}, state);
    const found = await looking.then(({ y }) => [...y.data]).catch((e: unknown) => String(e));
    await stepping;
    if (typeof found === "string") expect(found).toContain("is gone");
    else expect(found).toEqual([2, 2, 2]);
    await ended(ask, program);
  });

  test("a step that is refused writes over nothing", async () => {
    const by_ = input("by", []);
    const program = await runtime.compile({
      inputs: [by_],
      outputs: { loss: mul(norm(a), by_) },
      updates: [{ parameter: a, next: add(a, by_) }],
      watch: ["loss"],
    });
    const state = initialState([a], 1);
    await program.run({ by: tensor(1) }, state);
    const before = state.get("a")!;
    const { loss } = await program.run({ by: tensor(Infinity) }, state);
    expect(loss.data[0]).toBe(Infinity);
    expect(state.get("a")).toBe(before);
    expect([...before.data]).toEqual([2, 2, 2]);
    await ended(program);
  });
});
