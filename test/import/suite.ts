/**
 * ONNX's own backend tests, as Debian's libonnx-testdata has them: a model each, what goes in, and what must come out. They
 * are imported and run on every runtime. The data lie elsewhere where the variable ONNX_TESTDATA says so.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  concat,
  parametersOf,
  reshape,
  sizeOf,
  topological,
  type Input,
  type Node,
} from "../../src/graph/index.ts";
import { importModel } from "../../src/import/index.ts";
import { decodeTensor, dtypeOf } from "../../src/import/tensors.ts";
import { arms, trace } from "../../src/nn/index.ts";
import {
  DataType,
  decodeModel,
  decodeTensor as tensorIn,
  type GraphProto,
  type ModelProto,
  type ValueInfoProto,
} from "../../src/onnx/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { initialState, tensor, type Runtime, type Tensor } from "../../src/runtime/program.ts";

const folder = process.env.ONNX_TESTDATA ?? "/usr/share/libonnx-testdata/data";
const groups = ["node", "pytorch-converted", "pytorch-operator", "simple"] as const;
/** Whether the suite is installed. */
export const isInstalled: boolean = existsSync(join(folder, "node"));

/** Where the tests are, in a fixed order. */
export const tests = (): readonly string[] =>
  groups.flatMap((group) =>
    readdirSync(join(folder, group))
      .toSorted()
      .map((name) => join(group, name)),
  );

/** What came of one test. */
export interface Outcome {
  readonly name: string;
  readonly ops: readonly string[];
  readonly opset: number;
  /** Why it does not pass; undefined where it does. */
  readonly trouble?: string;
  /** Inputs that had to be known at import. */
  readonly bound: readonly string[];
  /** Of a test that passes and has float inputs and outputs: what gradients say that differ, "" where they agree. */
  readonly gradient?: string;
}

/** What a test is made of. */
interface Example {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly model: ModelProto;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: readonly (readonly [string, Tensor])[];
}
/** A test as a graph of ours. */
interface Graph {
  readonly inputs: readonly Input[];
  readonly outputs: Readonly<Record<string, Node>>;
  readonly bound: readonly string[];
}

/** Runs a test on `runtimes`, the reference among them. */
export async function outcomeOf(
  name: string,
  runtimes: readonly (readonly [string, Runtime])[],
): Promise<Outcome> {
  const bytes = readFileSync(join(folder, name, "model.onnx"));
  const model = decodeModel(bytes, name);
  const about = { name, ops: opsOf(model.graph!), opset: opsetOf(model) };
  let bound: readonly string[] = [];
  try {
    const example = exampleOf(name, bytes, model);
    const graph = graphOf(example);
    bound = graph.bound;
    for (const [title, runtime] of runtimes) {
      const wrong = await differenceOn(runtime, example, graph);
      if (wrong !== "") return { ...about, bound, trouble: `wrong on ${title}: ${wrong}` };
    }
    const gradient = gradientOf(example, graph);
    return { ...about, bound, ...(gradient === undefined ? {} : { gradient }) };
  } catch (error) {
    return { ...about, bound, trouble: (error as Error).message };
  }
}

const opsOf = (graph: GraphProto): readonly string[] => [
  ...new Set(
    graph.node.flatMap(({ opType = "", attribute }) => [
      opType,
      ...attribute.flatMap(({ g }) => (g ? opsOf(g) : [])),
    ]),
  ),
];
const opsetOf = ({ opsetImport }: ModelProto): number =>
  opsetImport.find(({ domain = "" }) => domain === "")?.version ?? 1;

function exampleOf(name: string, bytes: Uint8Array, model: ModelProto): Example {
  const { input, output, initializer } = model.graph!;
  const at = (kind: string, i: number): string =>
    join(folder, name, "test_data_set_0", `${kind}_${i}.pb`);
  const read = (file: string, declared: ValueInfoProto): Tensor => {
    const held = tensorIn(readFileSync(file), file);
    // NumPy has no bfloat16, so that the suite keeps one as uint16.
    const isBfloat = declared.type?.tensorType?.elemType === DataType.BFLOAT16;
    const { type, shape, data } = decodeTensor(
      isBfloat ? { ...held, dataType: DataType.BFLOAT16 } : held,
      file,
    );
    return tensor(data, shape, dtypeOf(type));
  };
  const weights = new Set(initializer.map((x) => x.name));
  const ports = input.filter((x) => !weights.has(x.name));
  for (const x of [...ports, ...output])
    if (!x.type?.tensorType)
      throw new Error(`import: "${x.name}" is a sequence or an optional value`);
  return {
    ...{ name, bytes, model },
    inputs: new Map(ports.map((x, i) => [x.name!, read(at("input", i), x)] as const)),
    outputs: output.map((x, i) => [x.name!, read(at("output", i), x)] as const),
  };
}

/** The graph of a test, with no more inputs bound to their values than import asks for. */
function graphOf({ bytes, inputs }: Example): Graph {
  const bind: Record<string, Tensor> = {};
  for (;;) {
    try {
      const free = [...inputs].filter(([name]) => !(name in bind));
      const shapes = Object.fromEntries(free.map(([name, x]) => [name, x.shape]));
      const model = importModel(bytes, { bind, shapes });
      const { value } = trace((scope) => model.network(scope), { mode: "eval", norm: arms.plain });
      return { inputs: model.inputs, outputs: value, bound: Object.keys(bind) };
    } catch (error) {
      const asked = [...(error as Error).message.matchAll(/input "([^"]*)"/g)]
        .map(([, name]) => name)
        .filter((name) => inputs.has(name) && !(name in bind));
      if (asked.length === 0 || !/bind/.test((error as Error).message)) throw error;
      for (const name of asked) bind[name] = inputs.get(name)!;
    }
  }
}

/** What differs from what the test expects, "" where nothing does. */
async function differenceOn(runtime: Runtime, example: Example, graph: Graph): Promise<string> {
  const program = await runtime.compile({ inputs: graph.inputs, outputs: graph.outputs });
  try {
    const feeds = Object.fromEntries(
      graph.inputs.map(({ attrs: { name } }) => [name, example.inputs.get(name)!]),
    );
    const got = await program.run(
      feeds,
      initialState(parametersOf(Object.values(graph.outputs)), 1),
    );
    for (const [name, expected] of example.outputs) {
      const wrong = difference(got[name], expected);
      if (wrong !== "") return `${name} ${wrong}`;
    }
    return "";
  } finally {
    await program.release();
  }
}

/** The tolerances of ONNX's own runner. */
const [RELATIVE, ABSOLUTE] = [1e-3, 1e-7];
function difference(got: Tensor, expected: Tensor): string {
  const type = ({ dtype, shape }: Tensor): string => `${dtype} [${shape}]`;
  if (type(got) !== type(expected)) return `is ${type(got)}, expected ${type(expected)}`;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [got.data[i], expected.data[i]];
    if (Object.is(a, e) || a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    if (!(Math.abs(a - e) <= ABSOLUTE + RELATIVE * Math.abs(e)))
      return `at ${i} is ${a}, expected ${e}`;
  }
  return "";
}

/** Elements of inputs and outputs that gradients are checked of: float64 by loops takes its time. */
const MOST = 20_000;
/** Inputs as they are, moved off the kinks that round numbers lie on, and where neither says anything round 1: some of the suite are 1e198. */
const moves: readonly ((x: number, i: number) => number)[] = [
  (x) => x,
  (x, i) => x + 1e-3 * Math.sin(i + 1),
  (_, i) => 1 + 0.5 * Math.sin(i + 1),
];
/** Compares the gradient of all float outputs to all float inputs with finite differences; undefined where there are none. */
function gradientOf(example: Example, graph: Graph): string | undefined {
  const floats = Object.values(graph.outputs).filter((y) => y.dtype === "float");
  const isFloatInput = (x: Node): x is Input => x.op === "input" && x.dtype === "float";
  const targets = topological(floats).filter(isFloatInput);
  const size = [...floats, ...targets].reduce((total, x) => total + sizeOf(x.shape), 0);
  if (floats.length === 0 || targets.length === 0 || size > MOST) return undefined;
  const loss = concat(
    floats.map((y) => reshape(y, [-1])),
    0,
  );
  const state = initialState(parametersOf(floats), 1);
  let complaint = "";
  for (const move of moves) {
    const feeds = Object.fromEntries(
      graph.inputs.map(({ attrs: { name }, dtype }) => {
        const x = example.inputs.get(name)!;
        return [name, dtype === "float" ? tensor(Float64Array.from(x.data, move), x.shape) : x];
      }),
    );
    try {
      gradcheck(loss, { targets, feeds, state });
      return "";
    } catch (error) {
      complaint = (error as Error).message;
    }
  }
  return complaint;
}
