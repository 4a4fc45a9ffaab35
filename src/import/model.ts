/** A trained network of an ONNX file as one of ours: a function of a scope, which can be trained, normalized and exported. */
import { described, input, optionsOf, type Input, type Node, type Shape } from "../graph/index.ts";
import { arms } from "../nn/arms.ts";
import type { Layer, Scope } from "../nn/scope.ts";
import { trace } from "../nn/trace.ts";
import {
  DataType,
  decodeModel,
  type GraphProto,
  type ModelProto,
  type ValueInfoProto,
} from "../onnx/index.ts";
import type { Tensor } from "../runtime/program.ts";
import { checkScales, freedBatch, withBatch, type Declared } from "./batch.ts";
import { build } from "./build.ts";
import type { Value } from "./call.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";
import { allNodes, constantsOf, graphsIn, ordered, readsOf, sizesOf } from "./graph.ts";
import { boundValue } from "./bound.ts";
import { parametersIn, storeOf } from "./parameters.ts";
import { plainly } from "./plainly.ts";
import { rolesOf, type TrainedOptions } from "./roles.ts";
import { checkSupported, OPSETS } from "./support.ts";
import { dtypeOf, typeName, type External } from "./tensors.ts";

/** Options of {@link importModel}. */
export interface ImportOptions extends TrainedOptions {
  /** Sizes of dimensions that the file gives a name, by it: `{ batch: 8 }`. One without a name is called after its input, "x.0". */
  readonly dims?: Readonly<Record<string, number>>;
  /** Whole shapes of inputs, by name, where those of the file are not meant. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  /** Inputs that are known from here on, by name: they are part of the network and asked for no more. */
  readonly bind?: Readonly<Record<string, Tensor | number | readonly number[]>>;
  /** Values of the graph to compute, by name (default: its outputs); what only others need is left out. */
  readonly outputs?: readonly string[];
  /** Batch normalization goes into the convolution before it (`fold`, the default), or stays a layer of its own with fixed statistics. */
  readonly batchNorm?: "fold" | "frozen";
  /** Reads a file beside the model that it keeps weights in; names come from the model, so look only where it lies. */
  readonly external?: External;
  /** What messages call the model (default "import"). */
  readonly where?: string;
}

/** A model that was imported. */
export interface ImportedModel {
  /** What has to be fed, in the sizes that `dims` give. Throws where one is missing. */
  readonly inputs: readonly Input[];
  /** The same as the file says it, without its weights; a size is a number, a name, or "x.0" where it has none. */
  readonly ports: readonly ImportedPort[];
  /** Names of what it computes. */
  readonly outputs: readonly string[];
  /** What it computes, by name, in a scope; `feeds` are other nodes for its inputs, of any batch. */
  network(scope: Scope, feeds?: Readonly<Record<string, Node>>): Readonly<Record<string, Node>>;
  /** The same as a layer, where it has one input and one output. */
  readonly layer: Layer;
  /** From the name of a parameter, folded ("conv1.w"), to that of its weight in the file. */
  readonly original: ReadonlyMap<string, string>;
  /** What the file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
}
/** An input as a file says it. */
export interface ImportedPort {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly dtype: Input["dtype"];
}

const known = optionsOf<ImportOptions>("importModel", {
  dims: "optional",
  shapes: "optional",
  bind: "optional",
  outputs: "optional",
  train: "optional",
  freeze: "optional",
  upTo: "optional",
  batchNorm: "optional",
  external: "optional",
  where: "optional",
});

type Feeds = Readonly<Record<string, Node>>;

/** Nodes that one trace may have, loops unrolled. */
const MOST_NODES = 200_000;
/** Elements of all values together that are computed ahead; what is left over is computed with the rest. */
const MOST_FOLDED = 64_000_000;

/**
 * The network in the bytes of an .onnx file (operator sets 7 to 22), ready to be traced as any other: its weights are parameters that
 * start as they are there and are normalized by the arm in force, its frozen ones are constants. Every op without a rule is named at
 * once. `bytes` are kept and must not be changed.
 */
export const importModel = (bytes: Uint8Array, options: ImportOptions = {}): ImportedModel =>
  plainly(() => imported(bytes, options));

function imported(bytes: Uint8Array, options: ImportOptions): ImportedModel {
  const {
    dims = {},
    shapes = {},
    bind = {},
    batchNorm = "fold",
    external,
    where = "import",
  } = known(options);
  checkOptions(bytes, options, where);
  const model = decodeModel(bytes, where);
  const opset = opsetOf(model, where);
  const whole = model.graph ?? emptyGraph(where);
  const outputs = options.outputs ?? whole.output.map((x) => x.name ?? "");
  checkOutputs(whole, outputs, where);
  checkSupported(whole, outputs, where);
  const graph = { ...whole, node: ordered(whole, outputs, where) };
  const folded =
    batchNorm === "fold"
      ? foldBatchNorm({ ...graph, output: outputs.map((name) => ({ name })) }, where, external)
      : graph;
  const nodes = allNodes(folded, where);
  const tensors = graphsIn(folded).flatMap((g) => [...constantsOf(g)]);

  const constants = constantsOf(folded);
  const read = new Set([...folded.node.flatMap(readsOf), ...outputs]);
  const bound = new Map<string, Value>();
  const fed: ValueInfoProto[] = [];
  for (const x of whole.input) {
    const { name = "" } = x;
    if (Object.hasOwn(bind, name)) bound.set(name, boundValue(bind[name], x, where));
    else if (read.has(name) && !constants.has(name)) fed.push(x);
  }
  for (const name of Object.keys(bind))
    if (!bound.has(name))
      throw new Error(
        `${where}: bind names an input, got "${name}"; use one of ${whole.input.map((x) => x.name ?? "").join(", ")}`,
      );
  const given = new Set(fed.map((x) => x.name ?? ""));
  const roles = rolesOf(tensors, nodes, { ...options, given, where });
  const store = storeOf(roles, { where, ...(external ? { external } : {}) });
  const ports = fed.map((x) => portOf(x, { where, shapes }));
  const portNames = ports.map(({ name }) => name);
  const told = whole.input.map(({ name = "", type }) => ({ name, shape: type?.tensorType?.shape }));
  checkNamed("shapes", Object.keys(shapes), { names: told.map(({ name }) => name), where });
  checkNamed("dims", Object.keys(dims), {
    names: told.flatMap(({ name, shape }) =>
      sizesOf(name, shape ?? { dim: [] }).filter((d) => typeof d === "string"),
    ),
    where,
  });
  const declared: Declared = new Map(
    fed.map(({ name = "", type }, i) => {
      const own = sizesOf(name, type?.tensorType?.shape ?? { dim: [] });
      // A shape that differs from the file's in more than its first axis is another one, and no other batch.
      const isOwn = own
        .slice(1)
        .every((d, axis) => typeof d === "string" || d === ports[i].shape.at(axis + 1));
      return [name, isOwn && own.length === ports[i].shape.length ? own : ports[i].shape];
    }),
  );
  const inputs = (): readonly Input[] => ports.map((port) => inputOf(port, dims, where));

  const built = (
    scope: Scope,
    feeds: Readonly<Record<string, Node>>,
  ): Readonly<Record<string, Node>> => {
    const given = new Map(bound);
    for (const [i, { name, dtype }] of ports.entries()) {
      const node = Object.hasOwn(feeds, name) ? feeds[name] : inputOf(ports[i], dims, where);
      checkFed(node, { name, dtype, rank: ports[i].shape.length, where });
      given.set(name, { node, type: fed[i].type?.tensorType?.elemType ?? DataType.FLOAT });
    }
    const batch = freedBatch(declared, feeds, where);
    const rests = new WeakSet<Node>(portNames.map((name) => given.get(name)!.node));
    const values = build(
      folded,
      {
        ...{ where, opset, store, rests, parameters: parametersIn(scope, store) },
        ...(batch ? { rebatch: { ...batch, rests: (x) => rests.has(x) } } : {}),
        budget: { left: MOST_NODES, folded: MOST_FOLDED },
      },
      { given, outputs },
    );
    return Object.fromEntries(outputs.map((name, i) => [name, values[i].node]));
  };
  const checked = new Set<number>();
  const checkBatch = (feeds: Feeds, some: Feeds): void => {
    const batch = freedBatch(declared, feeds, where);
    if (!batch || checked.has(batch.to)) return;
    checked.add(batch.to);
    const of = (count: number): Feeds =>
      trace((scope) => built(scope, withBatch(declared, feeds, { ...batch, count })), {
        ...{ mode: "eval", norm: arms.plain },
      }).value;
    checkScales([of(batch.from), some, of(batch.to + 1)], { ...batch, where });
  };
  const made = (
    scope: Scope,
    feeds?: Readonly<Record<string, Node>>,
  ): Readonly<Record<string, Node>> => {
    checkNamed("feeds", Object.keys(feeds ?? {}), { names: portNames, where });
    const all =
      feeds && ports.every(({ name }) => Object.hasOwn(feeds, name))
        ? feeds
        : { ...byName(inputs()), ...feeds };
    const values = built(scope, all);
    checkBatch(all, values);
    return values;
  };
  const network: ImportedModel["network"] = (scope, feeds) => plainly(() => made(scope, feeds));
  return {
    get inputs() {
      return inputs();
    },
    ports,
    outputs,
    network,
    layer(scope, x) {
      if (ports.length !== 1 || outputs.length !== 1)
        throw new Error(
          `${where}: a layer has one input and one output, got ${ports.length} and ${outputs.length}; name one with outputs, bind the rest, or use network`,
        );
      return network(scope, { [ports[0].name]: x })[outputs[0]];
    },
    original: roles.original,
    metadata: Object.fromEntries(
      model.metadataProps.map(({ key = "", value = "" }) => [key, value]),
    ),
  };
}

/** Throws for what is no value of the graph. */
function checkOutputs(graph: GraphProto, outputs: readonly string[], where: string): void {
  const made = new Set([...graph.node.flatMap((n) => n.output), ...constantsOf(graph).keys()]);
  const wrong = outputs.find((name) => name === "" || !made.has(name));
  if (wrong === undefined && outputs.length > 0) return;
  const own = graph.output.map((x) => x.name ?? "");
  throw new Error(
    `${where}: outputs are values of the graph, got ${wrong === undefined ? "none" : `"${wrong.slice(0, 100)}", which no node makes`}; use ${own.slice(0, 5).join(", ") || "the output of a node"}, or what weightnorm inspect names`,
  );
}

/** What plain JavaScript lets pass. */
function checkOptions(bytes: unknown, options: ImportOptions, where: string): void {
  const wrong = (what: string, got: unknown, advice: string): Error =>
    new Error(`${where}: ${what}, got ${described(got)}; ${advice}`);
  if (!(bytes instanceof Uint8Array))
    throw wrong("bytes are a Uint8Array", bytes, "write new Uint8Array(buffer)");
  const { outputs, batchNorm = "fold", dims = {}, train, freeze } = options;
  if (outputs !== undefined && !Array.isArray(outputs))
    throw wrong("outputs are a list of names", outputs, 'write outputs: ["features"]');
  if (!["fold", "frozen"].includes(batchNorm))
    throw wrong('batchNorm is "fold" or "frozen"', batchNorm, "use one of these");
  for (const [name, size] of Object.entries(dims))
    if (!Number.isSafeInteger(size) || size < 1)
      throw wrong(`the size ${name} is a whole number, at least 1`, size, "write e.g. 8");
  for (const pattern of [train, freeze])
    if (pattern !== undefined && !((pattern as unknown) instanceof RegExp))
      throw wrong("train and freeze are patterns", pattern, "write e.g. freeze: /^conv1/");
}

/** Throws for a name that the model has not: it would be passed over in silence. */
function checkNamed(
  what: string,
  given: readonly string[],
  { names, where }: { readonly names: readonly string[]; readonly where: string },
): void {
  const wrong = given.find((name) => !names.includes(name));
  if (wrong === undefined) return;
  throw new Error(
    `${where}: ${what} names what the model has, got "${wrong.slice(0, 100)}"; use one of ${[...new Set(names)].slice(0, 10).join(", ") || "none, there is nothing to name"}`,
  );
}

const byName = (inputs: readonly Input[]): Record<string, Node> =>
  Object.fromEntries(inputs.map((x) => [x.attrs.name, x]));

function emptyGraph(where: string): never {
  throw new Error(
    `${where}: expected an ONNX model, got one without a graph; check that the file is whole`,
  );
}

function opsetOf({ opsetImport }: ModelProto, where: string): number {
  const own = opsetImport.find(({ domain = "" }) => domain === "" || domain === "ai.onnx");
  const version = own?.version ?? 1;
  if (version <= OPSETS.most) return version;
  throw new Error(
    `${where}: operator sets up to ${OPSETS.most} can be imported, got ${version}; export with opset_version=${OPSETS.most} or lower`,
  );
}

function portOf(
  { name = "", type }: ValueInfoProto,
  { where, shapes }: { readonly where: string; readonly shapes: Readonly<Record<string, Shape>> },
): ImportedPort {
  const { elemType = 0, shape } = type?.tensorType ?? {};
  const dtype = dtypeOf(elemType);
  if (!dtype)
    throw new Error(
      `${where}: input "${name}" is of ${typeName(elemType)}, got a type that has no numbers here; bind it or cut the model with outputs`,
    );
  if (Object.hasOwn(shapes, name)) return { name, dtype, shape: shapes[name] };
  if (!shape)
    throw new Error(
      `${where}: expected a shape of input "${name}", got none in the file; pass shapes: { ${JSON.stringify(name)}: [...] }`,
    );
  return { name, dtype, shape: sizesOf(name, shape) };
}

function inputOf(
  { name, shape, dtype }: ImportedPort,
  dims: Readonly<Record<string, number>>,
  where: string,
): Input {
  const missing = shape.filter((d) => typeof d === "string" && !Object.hasOwn(dims, d));
  if (missing.length > 0)
    throw new Error(
      `${where}: input "${name}" is [${shape.join(", ")}], of which ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not known; pass dims: { ${missing.map((d) => `${JSON.stringify(d)}: 1`).join(", ")} }`,
    );
  return input(
    name,
    shape.map((d) => (typeof d === "number" ? d : dims[d])),
    dtype,
  );
}

function checkFed(
  { shape, dtype }: Node,
  expected: {
    readonly name: string;
    readonly dtype: Input["dtype"];
    readonly rank: number;
    readonly where: string;
  },
): void {
  if (dtype === expected.dtype && shape.length === expected.rank) return;
  throw new Error(
    `${expected.where}: input "${expected.name}" is ${expected.dtype} of ${expected.rank} axes, got ${dtype} [${shape}]; reshape or cast it first`,
  );
}
