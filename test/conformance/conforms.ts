/** What it is to be a runtime: every case as the reference computes it, and state that is carried as it says. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  constant,
  input,
  mul,
  parameter,
  parametersOf,
  sub,
  type Input,
  type Node,
  type OpName,
} from "../../src/graph/index.ts";
import {
  initialState,
  tensor,
  type Runtime,
  type State,
  type Tensor,
} from "../../src/runtime/program.ts";
import { read } from "../../src/runtime/read.ts";
import { reference } from "../../src/runtime/reference.ts";
import { blockedCases } from "./blocked.ts";
import { some } from "./case.ts";
import { cases, composed, derived, type Case } from "./cases.ts";
import { products } from "./convolutions.ts";
import { convolutions } from "./arbitrary.ts";
import { sampled } from "../whole.ts";

export const inputsOf = (c: Case): readonly Input[] =>
  c.inputs.map((x, i) => input(`x${i}`, x.shape, x.dtype));

interface Graph {
  readonly inputs: readonly Input[];
  readonly y: Node;
}
async function run(runtime: Runtime, c: Case, { inputs, y }: Graph): Promise<Tensor> {
  const program = await runtime.compile({ inputs, outputs: { y } });
  const feeds = Object.fromEntries(c.inputs.map((x, i) => [`x${i}`, x]));
  const outputs = await program.run(feeds, initialState(parametersOf([y]), 1));
  await program.release();
  return outputs.y;
}

/** Equal shape and type, and values as near as float32 comes, measured by the largest; `exact`: the same bits. */
function expectClose(actual: Tensor, expected: Tensor, exact: boolean): void {
  expect(`${actual.dtype} [${actual.shape}] of ${actual.data.length}`).toBe(
    `${expected.dtype} [${expected.shape}] of ${expected.data.length}`,
  );
  let scale = 0;
  for (const e of expected.data) if (Number.isFinite(e)) scale = Math.max(scale, Math.abs(e));
  const tolerance = exact || expected.dtype !== "float" ? 0 : 1e-5 * scale;
  const wrong: string[] = [];
  for (let i = 0; i < expected.data.length && wrong.length < 5; i++) {
    const [a, e] = [actual.data[i], expected.data[i]];
    if (a !== e && !(Math.abs(a - e) <= tolerance))
      wrong.push(`element ${i} is ${a}, expected ${e}`);
  }
  expect(wrong).toEqual([]);
}

/** Cases as graphs, and what the reference computes of them: most of the work, done once for all runtimes and passes. */
const settled = new WeakMap<Case, Promise<{ readonly graph: Graph; readonly expected: Tensor }>>();
async function settle(c: Case): Promise<{ readonly graph: Graph; readonly expected: Tensor }> {
  const inputs = inputsOf(c);
  const graph = { inputs, y: c.build(...inputs) };
  return { graph, expected: await run(reference, c, graph) };
}
/** That a runtime computes a case as the reference does. */
export async function agree(runtime: Runtime, c: Case): Promise<void> {
  const known = settled.get(c) ?? settle(c);
  settled.set(c, known);
  const { graph, expected } = await known;
  expectClose(await run(runtime, c, graph), expected, c.exact ?? false);
}

export const agreeOnConvolutions = (runtime: Runtime): Promise<void> =>
  fc.assert(
    fc.asyncProperty(
      convolutions,
      fc.constantFrom("y", "dx", "dw"),
      async ({ x, w, y, options }, product) => {
        const inputs = [some(x), some(w, { seed: 1 }), some(y, { seed: 2 })];
        await agree(runtime, { name: product, inputs, build: products(options)[product] });
      },
    ),
    { numRuns: 60, seed: 1 },
  );

export const byOp = Object.entries(cases) as [OpName, readonly Case[]][];

/** How much of the suite runs on every change, where a runtime takes long; all of it does with WHOLE=1. */
export interface Sample {
  /** The first of so many cases of every op, and of every kind of network (default: each is run). */
  readonly every?: number;
  /** The same of the cases after a convolution, which are most. */
  readonly afterConvolution?: number;
}

export function conforms(
  name: string,
  runtime: Runtime,
  { every = 1, afterConvolution = 1 }: Sample = {},
): void {
  const agreeOn = (list: readonly Case[], of: number): void => {
    const run = sampled(list, of).map((c) => [c.name, c] as const);
    test.each(run)("%s", (_name, c) => agree(runtime, c));
  };
  describe(name, () => {
    describe.each(byOp)("%s", (_op, list) => agreeOn(list, every));
    describe("composed", () => agreeOn(composed, every));
    describe("derived", () => agreeOn(derived, every));
    describe("after a convolution", () => agreeOn(blockedCases, afterConvolution));

    test("convolutions of any geometry, and their gradients", () => agreeOnConvolutions(runtime));

    describe("state", () => {
      const step = async (
        spec: Parameters<Runtime["compile"]>[0],
        state: State,
      ): Promise<Readonly<Record<string, Tensor>>> => {
        const program = await runtime.compile(spec);
        const outputs = await program.run({}, state);
        await program.release();
        return outputs;
      };
      const a = parameter("a", [2], { init: { kind: "values", values: [1, 2] } });
      const b = parameter("b", [2], { init: { kind: "values", values: [3, 4] } });
      const valueOf = async (state: State, name: string): Promise<number[]> =>
        Array.from((await read(state, [name])).get(name)!.data);

      test("takes all updates at once", async () => {
        const state = initialState([a, b], 0);
        const spec = {
          updates: [
            { parameter: a, next: b },
            { parameter: b, next: a },
          ],
        };
        await step(spec, state);
        expect([await valueOf(state, "a"), await valueOf(state, "b")]).toEqual([
          [3, 4],
          [1, 2],
        ]);
      });

      test("outputs see the state before the updates", async () => {
        const state = initialState([a], 0);
        const { y } = await step(
          { outputs: { y: a }, updates: [{ parameter: a, next: mul(a, 10) }] },
          state,
        );
        expect([Array.from(y.data), await valueOf(state, "a")]).toEqual([
          [1, 2],
          [10, 20],
        ]);
      });

      test("is carried from run to run of one program", async () => {
        const state = initialState([a], 0);
        const program = await runtime.compile({ updates: [{ parameter: a, next: add(a, a) }] });
        for (let i = 0; i < 3; i++) await program.run({}, state);
        await program.release();
        expect(await valueOf(state, "a")).toEqual([8, 16]);
      });

      test("outputs may share a node, be a constant, and be named like a parameter", async () => {
        const y = sub(b, a);
        const outputs = await step(
          { outputs: { a: y, y, c: constant([7]) }, updates: [{ parameter: a, next: y }] },
          initialState([a, b], 0),
        );
        expect(Object.entries(outputs).map(([name, x]) => [name, ...x.data])).toEqual([
          ["a", 2, 2],
          ["y", 2, 2],
          ["c", 7],
        ]);
      });

      test("a parameter may be set without being read", async () => {
        const state: State = new Map([["a", tensor([0, 0])]]);
        await step({ updates: [{ parameter: a, next: constant([5, 6]) }] }, state);
        expect(await valueOf(state, "a")).toEqual([5, 6]);
      });

      test("of whole numbers stays so", async () => {
        const n = parameter("n", [], { dtype: "int32", init: { kind: "constant", value: 41 } });
        const state = initialState([n], 0);
        await step({ updates: [{ parameter: n, next: add(n, 1) }] }, state);
        expect((await read(state)).get("n")).toEqual(tensor(42, [], "int32"));
      });

      test("and inputs that are missing or of another shape are refused", async () => {
        const x = input("x", [2]);
        const program = await runtime.compile({ inputs: [x], outputs: { y: add(x, a) } });
        const state = initialState([a], 0);
        await expect(program.run({}, state)).rejects.toThrow('input "x" is missing');
        await expect(program.run({ x: tensor([1]) }, state)).rejects.toThrow(
          'input "x" is float [1], expected float [2]',
        );
        await expect(program.run({ x: tensor([1, 2]) }, new Map())).rejects.toThrow(
          'parameter "a" is missing',
        );
        await program.release();
      });
    });
  });
}
