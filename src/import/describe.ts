/** What is in an ONNX file, whether or not it can be imported: what goes in and comes out, what would train, what is missing. */
import type { Shape } from "../graph/index.ts";
import { unitNorms } from "../nn/units.ts";
import {
  decodeModel,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "../onnx/index.ts";
import { headOf, type Cut } from "./cut.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";
import { allNodes, constantsOf, graphsIn, ordered, sizesOf } from "./graph.ts";
import { plainly } from "./plainly.ts";
import { rolesOf, type Roles } from "./roles.ts";
import { cutsBefore, lackingIn } from "./support.ts";
import { decodeTensor, typeName, type External } from "./tensors.ts";

/** What {@link describeModel} finds. */
export interface ModelDescription {
  /** Operator sets by their domains, "" being ONNX's own. */
  readonly opsets: readonly (readonly [domain: string, version: number])[];
  /** What wrote the file: "pytorch 1.13". */
  readonly producer: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** What has to be fed. */
  readonly inputs: readonly DescribedPort[];
  readonly outputs: readonly DescribedPort[];
  /** Nodes, those of graphs within graphs too. */
  readonly nodes: number;
  /** Weights that an arm would normalize, in the order of the file. */
  readonly layers: readonly DescribedLayer[];
  /** What would be parameters, by their names. */
  readonly parameters: readonly DescribedParameter[];
  /** Where `headOf` cuts; undefined where there is no layer to cut before. */
  readonly head?: Cut;
  /** Ops without a rule, the most frequent first. */
  readonly missing: readonly { readonly op: string; readonly count: number }[];
  /** Values to cut at so that nothing is missing. */
  readonly cuts: readonly string[];
}
/** An input or an output, as a file says it. */
export interface DescribedPort {
  readonly name: string;
  /** An element type of ONNX: "FLOAT". */
  readonly type: string;
  /** Undefined where the file says none. */
  readonly shape?: readonly (number | string)[];
}
/** A weight that would be trained. */
export interface DescribedParameter {
  readonly name: string;
  /** Its tensor in the file. */
  readonly original: string;
  readonly shape: Shape;
}
/** A weight that an arm would normalize. */
export interface DescribedLayer extends DescribedParameter {
  readonly op: string;
  /** The mean of |w| over units, batch normalization folded in; undefined where the values are in another file or damaged. */
  readonly norm?: number;
}

/** Options of {@link describeModel}. */
export interface DescribeOptions {
  /** What messages call the model (default "describeModel"). */
  readonly where?: string;
  /** As for `importModel`. */
  readonly external?: External;
}

/** Throws only for what is no ONNX file. */
export const describeModel = (
  bytes: Uint8Array,
  { where = "describeModel", external }: DescribeOptions = {},
): ModelDescription => plainly(() => described(bytes, where, external));

function described(
  bytes: Uint8Array,
  where: string,
  external: External | undefined,
): ModelDescription {
  const model = decodeModel(bytes, where);
  const { graph } = model;
  if (!graph)
    throw new Error(
      `${where}: expected an ONNX model, got one without a graph; check that the file is whole`,
    );
  const outputs = graph.output.map((x) => x.name ?? "");
  const needed = ordered(graph, outputs, where);
  const nodes = allNodes({ ...graph, node: needed }, where);
  const folded = foldedBy({ ...graph, node: needed }, where, external);
  const tensors = graphsIn(folded).flatMap((g) => [...constantsOf(g)]);
  const named = new Map(tensors);
  const given = new Set(fedIn(graph).map((x) => x.name ?? ""));
  const roles = rolesOf(tensors, allNodes(folded, where), { where, given });
  const missing = lackingIn(nodes).map(({ op, count }) => ({ op, count }));
  const head = headIn(bytes, where);
  return {
    opsets: model.opsetImport.map(({ domain = "", version = 1 }) => [domain, version]),
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(" "),
    metadata: Object.fromEntries(
      model.metadataProps.map(({ key = "", value = "" }) => [key, value]),
    ),
    inputs: fedIn(graph).map(portTold),
    outputs: graph.output.map(portTold),
    nodes: nodes.length,
    layers: [...roles.original].flatMap(([name, original]) =>
      layerTold({ name, original }, named.get(original)!, { roles, where, external }),
    ),
    parameters: [...roles.original].map(([name, original]) => ({
      ...{ name, original, shape: named.get(original)!.dims },
    })),
    ...(head ? { head } : {}),
    missing,
    cuts: missing.length > 0 ? cutsBefore(needed, graph, where) : [],
  };
}

/** As `importModel` has it by default: |w| is what training would begin with. */
function foldedBy(graph: GraphProto, where: string, external: External | undefined): GraphProto {
  try {
    return foldBatchNorm(graph, where, external);
  } catch {
    return graph; // weights that cannot be read stay as they are
  }
}

/** In the oldest files weights are inputs, too. */
function fedIn(graph: GraphProto): readonly ValueInfoProto[] {
  const constants = constantsOf(graph);
  return graph.input.filter((x) => !constants.has(x.name ?? ""));
}

function portTold({ name = "", type }: ValueInfoProto): DescribedPort {
  const { elemType, shape } = type?.tensorType ?? {};
  return {
    name,
    type: elemType === undefined ? "not said" : typeName(elemType),
    ...(shape ? { shape: sizesOf(name, shape) } : {}),
  };
}

function layerTold(
  { name, original }: Pick<DescribedParameter, "name" | "original">,
  tensor: TensorProto,
  {
    roles,
    where,
    external,
  }: { readonly roles: Roles; readonly where: string; readonly external?: External | undefined },
): readonly DescribedLayer[] {
  const role = roles.of(tensor);
  if (role?.kind !== "weight") return [];
  const norm = normOf(tensor, role.node, where, external);
  const { opType: op = "" } = role.node;
  return [{ name, original, shape: tensor.dims, op, ...(norm === undefined ? {} : { norm }) }];
}

function normOf(
  tensor: TensorProto,
  node: NodeProto,
  where: string,
  external: External | undefined,
): number | undefined {
  try {
    const w = decodeTensor(tensor, where, external);
    const { norms } = unitNorms(w, unitsOf(node, w.shape));
    return norms.reduce((sum, x) => sum + x, 0) / norms.length;
  } catch {
    return undefined; // a description is of what can be read
  }
}

/** The shape of g: one scale a unit of the layer. */
function unitsOf({ opType, attribute }: NodeProto, shape: Shape): Shape {
  const int = (name: string, otherwise: number): number =>
    attribute.find((a) => a.name === name)?.i ?? otherwise;
  const axis = opType === "Conv" || (opType === "Gemm" && int("transB", 0) === 1) ? 0 : 1;
  const groups = opType === "ConvTranspose" ? int("group", 1) : 1;
  return shape.map((d, i) => (i === axis ? d * groups : 1));
}

function headIn(bytes: Uint8Array, where: string): Cut | undefined {
  try {
    return headOf(bytes, where);
  } catch {
    return undefined;
  }
}
