/** Models that stand alone, as bytes of .onnx files that any runtime can use. */
import { optionsOf, type Node, type OptionNames } from "../graph/index.ts";
import { encodeGraph, type Graph, type ParameterValues } from "../onnx/index.ts";
import { build } from "./build.ts";
import { constantsOf } from "./constants.ts";
import { dynamicGraph } from "./dynamic.ts";
import { bytesOf, external, LARGEST_FILE } from "./external.ts";
import { halved } from "./half.ts";
import { checkOpset, irVersionOf } from "./opset.ts";
import { tidy } from "./tidy.ts";

type Outputs = Readonly<Record<string, Node>>;
/** What a model gives, by name; as a function of the size of an axis for a model that takes any size. */
export type ExportOutputs =
  Readonly<Record<string, Node>> | ((size: number) => Readonly<Record<string, Node>>);

/** Options of {@link exportModel}. */
export interface ExportOptions {
  /** What else there is to say of the model, by name: ONNX's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What initializers are called instead, by the names of parameters; `X.w` also where the state has `X.v` and `X.g`. */
  readonly names?: ReadonlyMap<string, string>;
  /** What the axis is called whose size a function of outputs is given (default "batch"). */
  readonly dynamic?: string;
  /** ONNX's operator set, 13 to 22 (default 17; 18 where random numbers are drawn). */
  readonly opset?: number;
  /** Whether weights of two axes or more are stored in half precision, FLOAT16, and cast to float when they are used (default false). */
  readonly half?: boolean;
  /** What the graph is called (default "model"). */
  readonly graphName?: string;
  /** What there is to say of the model in words: ONNX's `doc_string`. */
  readonly description?: string;
  /** The version of whatever made the model: ONNX's `producer_version`. */
  readonly producerVersion?: string;
}
const names: OptionNames<ExportOptions> = {
  metadata: "optional",
  names: "optional",
  dynamic: "optional",
  opset: "optional",
  half: "optional",
  graphName: "optional",
  description: "optional",
  producerVersion: "optional",
};

const known = optionsOf<ExportOptions>("exportModel", names);
/**
 * The bytes of an .onnx file that computes `outputs` and needs nothing but the inputs, which keep their names. `outputs` as a
 * function of a size, of the batch or another axis, make a file that takes any: `(n) => ({ y: f(input("x", [n, 3])) })`.
 *
 * What rests on parameters alone is computed at once, so weights are plain ones and running averages are in them: trace in
 * mode "eval", `exportModel({ y: trace(network, { mode: "eval", norm }).value }, state)`. Values must be on the host: after steps
 * pass `await read(state)`.
 */
export function exportModel(
  outputs: ExportOutputs,
  values: ParameterValues,
  options: ExportOptions = {},
): Uint8Array {
  const graph = graphOf(outputs, values, known(options));
  const size = bytesOf(graph);
  if (size + ROOM > LARGEST_FILE)
    throw new Error(
      `exportModel: a .onnx file holds 2 GB, got weights of ${(size / 1e9).toFixed(1)} GB; write them into a file of their own: exportParts(outputs, values, { location: "model.onnx.data" })`,
    );
  return encoded(graph, options);
}

/** Options of {@link exportParts}. */
export interface ExportPartsOptions extends ExportOptions {
  /** The name of the file of weights, which lies beside the model. */
  readonly location: string;
  /** How many bytes of weights make a file of their own worth while (default: only what a .onnx file cannot hold); 0 for always. */
  readonly above?: number;
}
/** A model and its weights. */
export interface ModelParts {
  /** The bytes of the .onnx file. */
  readonly model: Uint8Array;
  /** The name that the model knows the file of its weights by. */
  readonly location: string;
  /** What stands in it, one after the other; nothing where the model holds its weights itself. */
  readonly data: readonly Uint8Array[];
}
const knownOfParts = optionsOf<ExportPartsOptions>("exportParts", {
  ...names,
  location: "required",
  above: "optional",
});
/** As {@link exportModel}, with the weights of a large model in a file of their own. Their bytes are views: write them before the state changes. */
export function exportParts(
  outputs: ExportOutputs,
  values: ParameterValues,
  all: ExportPartsOptions,
): ModelParts {
  const { location, above = LARGEST_FILE - ROOM, ...options } = knownOfParts(all);
  if (!/^[^/\\\0]+$/.test(location) || /^\.\.?$/.test(location))
    throw new Error(
      `exportParts: location is the name of a file beside the model, got ${JSON.stringify(location)}; write "model.onnx.data"`,
    );
  const graph = graphOf(outputs, values, options);
  if (bytesOf(graph) <= above) return { model: encoded(graph, options), location, data: [] };
  const { graph: light, data } = external(graph, location);
  return { model: encoded(light, options), location, data };
}

/** What a model holds beside weights. */
const ROOM = 2 ** 24;

const encoded = (
  graph: Graph,
  { metadata = {}, graphName = "model", description, producerVersion }: ExportOptions,
): Uint8Array =>
  encodeGraph(graph, {
    ...{ metadata, name: graphName, irVersion: irVersionOf(graph.opset) },
    ...(description === undefined ? {} : { docString: description }),
    ...(producerVersion === undefined ? {} : { producerVersion }),
  });

/** Sizes at which a network is traced to see what rests on them: no usual size of anything else, and others in case. */
const SIZES = [
  [29, 31, 37],
  [41, 43, 53],
] as const;

function graphOf(
  outputs: ExportOutputs,
  values: ParameterValues,
  { names: called, dynamic: axis = "batch", opset, half = false }: ExportOptions,
): Graph {
  const constants = constantsOf(values);
  const nameOf = (label: string): string => called?.get(label) ?? label;
  const at = (roots: Outputs): ReturnType<typeof build> =>
    build(roots, { constants, nameOf, opset });
  const graph = typeof outputs === "function" ? atAnySize(outputs, at, axis) : at(outputs);
  const tidied = tidy(half ? halved(graph) : graph);
  checkOpset(tidied);
  return tidied;
}

function atAnySize(
  outputs: (size: number) => Outputs,
  at: (roots: Outputs) => ReturnType<typeof build>,
  axis: string,
): Graph {
  const merged = (sizes: readonly number[]): Graph =>
    dynamicGraph(
      sizes.map((size) => at(outputs(size))),
      { sizes, axis },
    );
  try {
    return merged(SIZES[0]);
  } catch (error) {
    // A size of the network's own may be one of these by chance.
    try {
      return merged(SIZES[1]);
    } catch {
      throw error;
    }
  }
}
