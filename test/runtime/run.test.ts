/** What every runtime does around the values that it computes: turns, ends, refusals, and what it says. */
import { describe, expect, test } from "vitest";
import { add, constant, div, input, mul, parameter, sub, sum } from "../../src/graph/index.ts";
import { arms, dense, meanSquaredError, type Arm } from "../../src/nn/index.ts";
import { adam, movingAverage, sgd } from "../../src/optim/index.ts";
import {
  initialState,
  tensor,
  type Program,
  type State,
  type Tensor,
} from "../../src/runtime/program.ts";
import { read } from "../../src/runtime/read.ts";
import { evalStep, initStep, trainStep, type Network } from "../../src/train/step.ts";
import { runtimes } from "./runtimes.ts";

const x = input("x", [4, 3]);
const target = input("target", [4, 2]);
const lr = input("lr", []);
const network: Network = (scope) => {
  const y = dense(2)(scope, dense(3)(scope, x));
  return { loss: meanSquaredError(y, target), y };
};
const optionsOf = (arm: Arm) => ({ inputs: [x, target, lr], norm: arms[arm] }) as const;
const values = (n: number, from: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(from + i * i));
const batch = (seed: number): Record<string, Tensor> => ({
  x: tensor(values(12, seed), [4, 3]),
  target: tensor(values(8, seed + 1), [4, 2]),
  lr: tensor(0.1),
});

describe.each(runtimes)("%s", (_, runtime) => {
  const training = trainStep(network, { ...optionsOf("weight"), optimizer: adam({ lr }) });
  const other = trainStep(network, { ...optionsOf("weight"), optimizer: adam({ lr: 0.01 }) });
  const started = (program: Program): State => initialState(program.parameters, 1);

  describe("runs that change one state", () => {
    const seeds = [1, 2, 3, 4, 5, 6];
    test("wait for each other, whatever program they are of", async () => {
      const [a, b] = await Promise.all([training, other].map((spec) => runtime.compile(spec)));
      const [inTurn, atOnce] = [started(a), started(a)];
      const expected: unknown[] = [];
      for (const seed of seeds) {
        expected.push(await a.run(batch(seed), inTurn));
        const { lr: _, ...rest } = batch(seed + 10);
        expected.push(await b.run(rest, inTurn));
      }
      const got = await Promise.all(
        seeds.flatMap((seed) => [
          a.run(batch(seed), atOnce),
          b.run({ ...batch(seed + 10), lr: tensor(0) }, atOnce), // it has no use for lr
        ]),
      );
      expect(got).toEqual(expected);
      expect(atOnce).toEqual(inTurn);
      expect(atOnce.get("adam.step")!.data[0]).toBe(2 * seeds.length);
      await Promise.all([a.release(), b.release()]);
    });

    test("are what runs that only read it see the end of", async () => {
      const p = parameter("p", [], { init: { kind: "constant", value: 1 } });
      const double = await runtime.compile({ updates: [{ parameter: p, next: add(p, p) }] });
      const read = await runtime.compile({ outputs: { p } });
      const state = started(double);
      const seen = (): Promise<number> => read.run({}, state).then((y) => y["p"].data[0]);
      const reads = [seen(), seen()];
      for (let i = 0; i < 3; i++) {
        void double.run({}, state);
        reads.push(seen(), seen());
      }
      expect(await Promise.all(reads)).toEqual([1, 1, 2, 2, 4, 4, 8, 8]);
      await Promise.all([double.release(), read.release()]);
    });

    test("go on after one that fails, and other states do not wait", async () => {
      const p = parameter("p", [2], { init: { kind: "constant", value: 1 } });
      const by = input("by", [2]);
      const program = await runtime.compile({
        inputs: [by],
        updates: [{ parameter: p, next: mul(p, by) }],
      });
      const [state, fresh] = [started(program), started(program)];
      const outcomes = await Promise.allSettled([
        program.run({ by: tensor([2, 3]) }, state),
        program.run({ by: tensor([1]) }, state),
        program.run({}, new Map()),
        program.run({ by: tensor([2, 3]) }, state),
        program.run({ by: tensor([5, 5]) }, fresh),
      ]);
      expect(outcomes.map((o) => o.status)).toEqual([
        ...["fulfilled", "rejected", "rejected", "fulfilled", "fulfilled"],
      ]);
      expect([...state.get("p")!.data]).toEqual([4, 9]);
      expect([...fresh.get("p")!.data]).toEqual([5, 5]);
      await program.release();
    });
  });

  describe("release", () => {
    test("waits for what runs, and may be asked for twice", async () => {
      const program = await runtime.compile(training);
      const state = started(program);
      const runs = [1, 2, 3].map((seed) => program.run(batch(seed), state));
      await Promise.all([program.release(), program.release()]);
      await program.release();
      await Promise.all(runs);
      expect(state.get("adam.step")!.data[0]).toBe(3);
    });
    test("is the end", async () => {
      const program = await runtime.compile(training);
      const state = started(program);
      await program.release();
      await expect(program.run(batch(1), state)).rejects.toThrowErrorMatchingInlineSnapshot(
        `[Error: run: the program was released, got another run; compile it again]`,
      );
    });
  });

  describe("initialization", () => {
    const deep: Network = (scope) => {
      const h = dense(3, { name: "first" })(scope, x);
      const y = dense(2, { name: "second" })(scope, div(h, sub(constant(1), input("by", []))));
      return { loss: meanSquaredError(y, target), y };
    };
    const init = async (
      arm: Arm,
      feeds: Record<string, Tensor>,
    ): Promise<{ readonly message: string; readonly changed: boolean }> => {
      const options = { inputs: [x, target, input("by", [])], norm: arms[arm] };
      const program = await runtime.compile(initStep(deep, options));
      const state = initialState(program.parameters, 1);
      const before = structuredClone(state);
      const message = await program.run({ ...feeds, by: feeds["by"] ?? tensor(0) }, state).then(
        () => "",
        (error: unknown) => (error as Error).message,
      );
      await program.release();
      const changed = [...state].some(
        ([name, { data }]) => `${[...data]}` !== `${[...before.get(name)!.data]}`,
      );
      return { message, changed };
    };
    const { lr: _, ...given } = batch(1);
    const spoilt = (value: number): Record<string, Tensor> => {
      const data = values(12, 1);
      data[7] = value;
      return { ...given, x: tensor(data, [4, 3]) };
    };

    test.each([
      ["plain", "first.w"],
      ["weight", "first.g"],
      ["mean-only", "first.w"],
      ["weight+mean-only", "first.g"],
      ["batch", "first.mean"],
    ] as const)("of %s on a batch that is not finite names the first layer", async (arm, name) => {
      for (const bad of [NaN, Infinity, -Infinity]) {
        const { message, changed } = await init(arm, spoilt(bad));
        expect(message.replace(/-?Infinity with/, "NaN with")).toBe(
          `run: "${name}" would become NaN with ${bad} in input "x", and the state stays as it was; feed finite numbers`,
        );
        expect(changed).toBe(false);
      }
      expect(await init(arm, given)).toEqual({ message: "", changed: true });
    });
    test("names the layer where it begins", async () => {
      const { message, changed } = await init("weight", { ...given, by: tensor(1) });
      expect(message).toBe(
        'run: "second.g" would become NaN, and the state stays as it was; look at what its layer is given',
      );
      expect(changed).toBe(false);
    });
  });

  describe("what is given", () => {
    test("by a name that no input has", async () => {
      const program = await runtime.compile(training);
      const { x: rows, ...rest } = batch(1);
      await expect(
        program.run({ ...rest, X: rows }, started(program)),
      ).rejects.toThrowErrorMatchingInlineSnapshot(
        `[Error: run: no input is called "X", got it among the feeds; the inputs are "x", "target", "lr"]`,
      );
      await program.release();
    });
    test("what a step was declared with may be fed where it is not used", async () => {
      const program = await runtime.compile(evalStep(network, optionsOf("plain")));
      await program.run(batch(1), started(program));
      await expect(program.run({ ...batch(1), rate: tensor(1) }, started(program))).rejects.toThrow(
        'run: no input is called "rate"',
      );
      await program.release();
    });
    test("the state of another arm", async () => {
      const [plain, weight] = await Promise.all(
        (["plain", "weight"] as const).map((arm) =>
          runtime.compile(evalStep(network, optionsOf(arm))),
        ),
      );
      const message = (program: Program, of: Program): Promise<string> =>
        program.run(batch(1), started(of)).then(String, (e: unknown) => (e as Error).message);
      expect(await message(plain, weight)).toMatchInlineSnapshot(
        `"run: parameter "dense1.w" is missing, expected float [3,3]; the state has "dense1.v" and "dense1.g" in its place, so pass fold(state)"`,
      );
      expect(await message(weight, plain)).toMatchInlineSnapshot(
        `"run: parameter "dense1.v" is missing, expected float [3,3]; the state has "dense1.w" in its place, so pass unfold(state, program.parameters)"`,
      );
      await Promise.all([plain.release(), weight.release()]);
    });
    test("tensors that are not what they say", async () => {
      const program = await runtime.compile({ inputs: [lr], outputs: { y: sum(lr) } });
      const forged = { dtype: "float", shape: [], data: new Float32Array(2) } as const;
      await expect(program.run({ lr: forged }, new Map())).rejects.toThrow(
        'run: input "lr" says it is float [], got 2 values in Float32Array; make it with tensor()',
      );
      await program.release();
    });
  });

  test("averages start at the parameters of the first step, whoever set those", async () => {
    const spec = trainStep(network, {
      ...optionsOf("weight"),
      optimizer: sgd({ lr }),
      also: (updates) => movingAverage(updates, 0.75),
    });
    const [init, train] = await Promise.all(
      [initStep(network, optionsOf("weight")), spec].map((s) => runtime.compile(s)),
    );
    const state = started(train);
    await init.run(batch(1), state);
    const before = await read(state);
    for (let i = 0; i < 2; i++) {
      const old = await read(state);
      await train.run(batch(2), state);
      for (const [name, { data }] of state) {
        if (!name.startsWith("average.")) continue;
        const own = name.slice("average.".length);
        const from = i === 0 ? before.get(own)! : old.get(name)!;
        data.forEach((value, k) =>
          expect(value).toBeCloseTo(0.75 * from.data[k] + 0.25 * state.get(own)!.data[k], 6),
        );
      }
    }
    await Promise.all([init.release(), train.release()]);
  });
});
