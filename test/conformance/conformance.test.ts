/** Every op on every runtime, against the reference interpreter. */
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
  topological,
  type Input,
  type Node,
  type OpName,
} from "../../src/graph/index.ts";
import { PASSES } from "../../src/onnx/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import {
  initialState,
  tensor,
  type Runtime,
  type State,
  type Tensor,
} from "../../src/runtime/program.ts";
import { reference } from "../../src/runtime/reference.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import { blockedCases } from "./blocked.ts";
import { some } from "./case.ts";
import { cases, composed, derived, type Case } from "./cases.ts";
import { products } from "./convolutions.ts";
import { convolutions } from "./arbitrary.ts";

const runtimes: readonly (readonly [string, Runtime])[] = [
  ["node", nodeRuntime({ threads: 1 })],
  ["node, plain layout", nodeRuntime({ threads: 1, blocked: false })],
  ["web", webRuntime()],
];

const inputsOf = (c: Case): readonly Input[] =>
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
async function agree(runtime: Runtime, c: Case): Promise<void> {
  const known = settled.get(c) ?? settle(c);
  settled.set(c, known);
  const { graph, expected } = await known;
  expectClose(await run(runtime, c, graph), expected, c.exact ?? false);
}

const agreeOnConvolutions = (runtime: Runtime): Promise<void> =>
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

const byOp = Object.entries(cases) as [OpName, readonly Case[]][];

test.each(byOp)("the cases of %s use it", (op, list) => {
  expect(list).not.toEqual([]);
  for (const c of list) {
    const ops = topological([c.build(...inputsOf(c))]).map((n) => n.op);
    expect(ops, c.name).toContain(op);
  }
});

/** Another third of the cases without each pass; all of them with WHOLE=1 npx vitest run test/conformance. */
const PART = process.env["WHOLE"] === undefined ? 3 : 1;
describe.each(PASSES)("without the pass %s", (pass) => {
  const runtime = nodeRuntime({ threads: 1, without: [pass] });
  const of = [...blockedCases, ...composed];
  const some = of.filter((_, i) => (i + PASSES.indexOf(pass)) % PART === 0);
  const concerned = [...some, ...cases.leakyStep, ...cases.conv2dWeight];
  test.each(concerned.map((c) => [c.name, c] as const))("%s", (_name, c) => agree(runtime, c));
  test("convolutions of any geometry, and their gradients", () => agreeOnConvolutions(runtime));
});

describe.each(runtimes)("%s", (_, runtime) => {
  describe.each(byOp)("%s", (_op, list) => {
    test.each(list.map((c) => [c.name, c] as const))("%s", (_name, c) => agree(runtime, c));
  });

  describe("composed", () => {
    test.each(composed.map((c) => [c.name, c] as const))("%s", (_name, c) => agree(runtime, c));
  });

  describe("derived", () => {
    test.each(derived.map((c) => [c.name, c] as const))("%s", (_name, c) => agree(runtime, c));
  });

  describe("after a convolution", () => {
    test.each(blockedCases.map((c) => [c.name, c] as const))("%s", (_name, c) => agree(runtime, c));
  });

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
    const valueOf = (state: State, name: string): number[] => Array.from(state.get(name)!.data);

    test("takes all updates at once", async () => {
      const state = initialState([a, b], 0);
      const spec = {
        updates: [
          { parameter: a, next: b },
          { parameter: b, next: a },
        ],
      };
      await step(spec, state);
      expect([valueOf(state, "a"), valueOf(state, "b")]).toEqual([
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
      expect([Array.from(y.data), valueOf(state, "a")]).toEqual([
        [1, 2],
        [10, 20],
      ]);
    });

    test("is carried from run to run of one program", async () => {
      const state = initialState([a], 0);
      const program = await runtime.compile({ updates: [{ parameter: a, next: add(a, a) }] });
      for (let i = 0; i < 3; i++) await program.run({}, state);
      await program.release();
      expect(valueOf(state, "a")).toEqual([8, 16]);
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
      expect(valueOf(state, "a")).toEqual([5, 6]);
    });

    test("of whole numbers stays so", async () => {
      const n = parameter("n", [], { dtype: "int32", init: { kind: "constant", value: 41 } });
      const state = initialState([n], 0);
      await step({ updates: [{ parameter: n, next: add(n, 1) }] }, state);
      expect(state.get("n")).toEqual(tensor(42, [], "int32"));
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
