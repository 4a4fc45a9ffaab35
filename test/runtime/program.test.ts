/** First values, and the checks that every runtime makes before it runs. */
import { describe, expect, test } from "vitest";
import {
  constant,
  input,
  parameter,
  parametersOf,
  type Dtype,
  type Init,
  type Parameter,
} from "../../src/graph/index.ts";
import { add, concat, reshape } from "../../src/graph/index.ts";
import {
  checkFeed,
  checkSpec,
  initialState,
  item,
  keyTensor,
  tensor,
  type Tensor,
} from "../../src/runtime/program.ts";

const make = (name: string, init: Init, shape: readonly number[] = [100, 100]): Parameter =>
  parameter(name, shape, { init });
const firstOf = (init: Init, { name = "p", seed = 1 } = {}): number[] =>
  Array.from(initialState([make(name, init)], seed).get(name)!.data);
const moment = (values: readonly number[], power: number): number =>
  values.reduce((total, x) => total + x ** power, 0) / values.length;

describe("initialState", () => {
  const normal: Init = { kind: "normal", std: 0.05 };
  const uniform: Init = { kind: "uniform", limit: 0.5 };

  test("is a function of seed and name", () => {
    expect(firstOf(normal)).toEqual(firstOf(normal));
    for (const init of [normal, uniform]) {
      expect(firstOf(init, { seed: 2 })).not.toEqual(firstOf(init));
      expect(firstOf(init, { name: "q" })).not.toEqual(firstOf(init));
    }
  });
  test("does not depend on the other parameters", () => {
    const [p, q] = [make("p", normal), make("q", normal)];
    expect(initialState([p, q], 1).get("q")).toEqual(initialState([q], 1).get("q"));
  });
  test("a stream stands for the name", () => {
    const stream = "shared";
    expect(firstOf({ ...normal, stream }, { name: "p" })).toEqual(
      firstOf({ ...normal, stream }, { name: "q" }),
    );
    expect(firstOf({ ...normal, stream: "p" })).toEqual(firstOf(normal));
  });
  test("normal is N(0, std^2)", () => {
    const x = firstOf(normal).map((v) => v / 0.05);
    const n = x.length; // four standard errors each
    expect(Math.abs(moment(x, 1))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(moment(x, 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(x, 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
    expect(x.filter((v) => Math.abs(v) > 1.96).length / n).toBeCloseTo(0.05, 1.5);
  });
  test("uniform is even on [-limit, limit]", () => {
    const x = firstOf(uniform);
    const n = x.length;
    expect(Math.max(...x.map(Math.abs))).toBeLessThanOrEqual(0.5);
    expect(Math.abs(moment(x, 1))).toBeLessThan((4 * 0.5) / Math.sqrt(3 * n));
    expect(Math.abs(moment(x, 2) - 1 / 12)).toBeLessThan((4 * Math.sqrt(1 / 180)) / Math.sqrt(n));
    for (let decile = 0; decile < 10; decile++) {
      const inside = x.filter((v) => Math.floor((v + 0.5) * 10) === decile).length;
      expect(Math.abs(inside - n / 10)).toBeLessThan(4 * Math.sqrt(n * 0.09));
    }
  });
  test("constants, values and copies, in the parameter's dtype", () => {
    const one = make("one", { kind: "constant", value: 1 }, [2]);
    const two = make("two", { kind: "values", values: [0.1, 2] }, [2]);
    const three = make("three", { kind: "copy", of: "two" }, [2]);
    const four = make("four", { kind: "copy", of: "three" }, [2]);
    const count = parameter("count", [], { dtype: "int32", init: { kind: "constant", value: 7 } });
    const state = initialState([one, four, three, two, count], 0);
    expect(state.get("one")).toEqual(tensor([1, 1]));
    expect(state.get("two")).toEqual(tensor([0.1, 2]));
    expect(state.get("four")).toEqual(tensor([0.1, 2]));
    expect(state.get("four")!.data).not.toBe(state.get("two")!.data);
    expect(state.get("count")).toEqual(tensor(7, [], "int32"));
  });
  test("says what does not fit", () => {
    const orphan = make("a", { kind: "copy", of: "b" }, [2]);
    expect(() => initialState([orphan], 0)).toThrowErrorMatchingInlineSnapshot(
      `[Error: initialState: "a" copies "b", which is not among the parameters; pass both]`,
    );
    const short = make("a", { kind: "values", values: [1] }, [2]);
    expect(() => initialState([short], 0)).toThrowErrorMatchingInlineSnapshot(
      `[Error: tensor: 1 values do not fill shape [2]; give 2]`,
    );
  });
});

describe("tensor", () => {
  test("floats are Float32Array unless they are float arrays already", () => {
    expect(tensor([1, 2]).data).toBeInstanceOf(Float32Array);
    expect(tensor(Float64Array.of(1)).data).toBeInstanceOf(Float64Array);
    expect(tensor(3)).toMatchObject({ shape: [], dtype: "float" });
    expect(tensor([1, 0], [2], "bool").data).toBeInstanceOf(Uint8Array);
  });
  test("must be filled", () => {
    expect(() => tensor([1, 2, 3], [2, 2])).toThrowErrorMatchingInlineSnapshot(
      `[Error: tensor: 3 values do not fill shape [2,2]; give 4]`,
    );
  });
  test("takes what its dtype holds", () => {
    const limits = [-(2 ** 31), 2 ** 31 - 1];
    expect([...tensor(limits, [2], "int32").data]).toEqual(limits);
    expect([...tensor([0, 2 ** 32 - 1], [2], "uint32").data]).toEqual([0, 2 ** 32 - 1]);
    expect([...tensor([NaN, -Infinity, 3.4028234663852886e38]).data]).toEqual([
      ...[NaN, -Infinity, 3.4028234663852886e38],
    ]);
    expect([...tensor(Uint8Array.of(7, 255), [2], "int32").data]).toEqual([7, 255]);
  });
  test.each<[string, unknown, Dtype]>([
    ["species", [0, Number("versicolor"), 1], "int32"],
    ["a fraction", [1, 1.9], "int32"],
    ["beyond int32", Float64Array.of(3e9), "int32"],
    ["a fraction alone", 0.5, "int32"],
    ["a negative number", Int32Array.of(3, -1), "uint32"],
    ["beyond uint32", [2 ** 32], "uint32"],
    ["no truth", [0, 1, 2], "bool"],
    ["nothing", [1, undefined], "float"],
    ["text", ["1.5"], "float"],
    ["a list of lists", [[1, 2], [3]], "float"],
    ["typed rows", [Float32Array.of(1)], "float"],
    ["a large bigint", BigInt64Array.of(1n), "int32"],
    ["an object", [{}], "float"],
    ["beyond float32", [1, -1e39], "float"],
    ["no list", "12", "float"],
    ["null", null, "float"],
  ])("refuses %s", (_, data, dtype) => {
    const length = typeof data === "object" && data !== null ? (data as unknown[]).length : 1;
    const make = (): Tensor => tensor(data as number[], [length], dtype);
    expect(make).toThrowErrorMatchingSnapshot();
  });
  test("first values and constants keep to it too", () => {
    const p = parameter("p", [], { dtype: "int32", init: { kind: "constant", value: 0.5 } });
    expect(() => initialState([p], 0)).toThrow("tensor: int32 takes whole numbers");
    expect(() => constant(1.5, [], "int32")).toThrow("constant: int32 takes whole numbers");
  });
  test("of its own kind of array takes it as it is", () => {
    const [int32s, floats] = [Int32Array.of(1, 2), Float32Array.of(1, NaN)];
    expect(tensor(int32s, [2], "int32").data).toBe(int32s);
    expect(tensor(floats).data).toBe(floats);
  });
  test("item takes the one number out", () => {
    expect(item(tensor(3))).toBe(3);
    expect(item(tensor([3], [1, 1]))).toBe(3);
    expect(() => item(tensor([1, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[Error: item: expected one value, got shape [2]; reduce it first]`,
    );
    expect(() => item(undefined)).toThrowErrorMatchingInlineSnapshot(
      `[Error: item: expected one value, got nothing; reduce it first]`,
    );
  });
  test("keyTensor makes another key for other parts", () => {
    expect(keyTensor(1, "dropout", 2)).toMatchObject({ dtype: "uint32", shape: [2] });
    expect(keyTensor(1, "dropout", 2)).toEqual(keyTensor(1, "dropout", 2));
    expect(keyTensor(1, "dropout", 3)).not.toEqual(keyTensor(1, "dropout", 2));
  });
});

describe("checkSpec", () => {
  const x = input("x", [2]);
  const a = make("a", { kind: "constant", value: 0 }, [2]);
  const b = make("b", { kind: "constant", value: 0 }, [2]);

  test("finds the parameters that are read or written, once each", () => {
    const { parameters, roots } = checkSpec({
      inputs: [x],
      outputs: { y: add(x, a) },
      updates: [{ parameter: b, next: a }],
    });
    expect(parameters.map((p) => p.attrs.name)).toEqual(["a", "b"]);
    expect(roots).toHaveLength(2);
  });
  test("refuses what cannot run", () => {
    expect(() => checkSpec({ outputs: { x } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: compile: the graph uses input "x", which \`inputs\` does not list; add it there]`,
    );
    expect(() =>
      checkSpec({ inputs: [input("x", [3])], outputs: { x } }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: compile: the graph uses input "x" as float [2], but \`inputs\` has float [3]; give one of them another name]`,
    );
    const twice = [a, b].map((next) => ({ parameter: a, next }));
    expect(() => checkSpec({ updates: twice })).toThrowErrorMatchingInlineSnapshot(
      `[Error: compile: "a" is updated twice, got two values for one parameter; combine them]`,
    );
    const larger = { parameter: a, next: concat([a, a], 0) };
    expect(() => checkSpec({ updates: [larger] })).toThrowErrorMatchingInlineSnapshot(
      `[Error: compile: the update of "a" is float [4], expected float [2]; give it the parameter's shape]`,
    );
    const whole = { parameter: a, next: constant([1, 2], [2], "int32") };
    expect(() => checkSpec({ updates: [whole] })).toThrowErrorMatchingInlineSnapshot(
      `[Error: compile: the update of "a" is int32 [2], expected float [2]; give it the parameter's shape]`,
    );
  });
  test("a name stands for one parameter", () => {
    const other = make("a", { kind: "constant", value: 0 }, [1, 2]);
    expect(() => parametersOf([add(a, reshape(other, [2]))])).toThrowErrorMatchingInlineSnapshot(
      `[Error: parameter: "a" has two types, got float [2] and float [1,2]; give one of them another name]`,
    );
    const whole = parameter("a", [2], { dtype: "int32", init: { kind: "constant", value: 0 } });
    expect(() => parametersOf([a, whole])).toThrowErrorMatchingInlineSnapshot(
      `[Error: parameter: "a" has two types, got float [2] and int32 [2]; give one of them another name]`,
    );
  });
});

test("checkFeed compares what is given with what was compiled", () => {
  const declared = { name: "x", shape: [2, 3], dtype: "float" } as const;
  const check = (x: Tensor | undefined): Tensor => checkFeed("input", declared, x);
  const fits = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  expect(check(fits)).toBe(fits);
  expect(() => check(undefined)).toThrowErrorMatchingInlineSnapshot(
    `[Error: run: input "x" is missing, expected float [2,3]; add it]`,
  );
  expect(() => check(tensor([1, 2, 3], [3]))).toThrowErrorMatchingInlineSnapshot(
    `[Error: run: input "x" is float [3], expected float [2,3]; the program was compiled for that shape]`,
  );
  expect(() =>
    check(tensor([1, 2, 3, 4, 5, 6], [2, 3], "int32")),
  ).toThrowErrorMatchingInlineSnapshot(
    `[Error: run: input "x" is int32 [2,3], expected float [2,3]; the program was compiled for that shape]`,
  );
});
