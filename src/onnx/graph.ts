/** A graph of ONNX before it is bytes, and as bytes. */
import type { Dtype, Shape } from "../graph/index.ts";
import { elementType, type NodeDraft, type TensorDraft } from "./emit.ts";
import { encodeModel, type ValueInfoProto } from "./proto.ts";
import type { Draft } from "./wire.ts";

/** A value that goes into or comes out of a model. */
export interface Port {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: Dtype;
}
/** A value that goes in or comes out: an axis without a fixed size has a name. */
export interface Signature extends Omit<Port, "shape"> {
  readonly shape: readonly (number | string)[];
}
/** A model before it is bytes. */
export interface Graph<In extends Signature = Signature> {
  readonly nodes: readonly NodeDraft[];
  readonly initializers: readonly TensorDraft[];
  readonly inputs: readonly In[];
  readonly outputs: readonly Signature[];
  readonly opset: number;
  /** Operator sets beside ONNX's own. */
  readonly domains: readonly string[];
}

/** What a model says of itself. */
export interface Description {
  readonly metadata: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly docString?: string;
  readonly producerVersion?: string;
  /** The version of the format (default 8, of which operator sets 15 to 18 are). */
  readonly irVersion?: number;
}
export const encodeGraph = (
  { nodes, initializers, inputs, outputs, opset, domains }: Graph,
  { metadata, name = "step", irVersion = 8, ...said }: Description,
): Uint8Array =>
  encodeModel({
    irVersion,
    producerName: "weightnorm",
    opsetImport: [
      { domain: "", version: opset },
      ...domains.map((domain) => ({ domain, version: 1 })),
    ],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name,
      node: nodes,
      initializer: initializers,
      input: inputs.map(valueInfo),
      output: outputs.map(valueInfo),
    },
    ...said,
  });

const valueInfo = ({ name, shape, dtype }: Signature): Draft<ValueInfoProto> => ({
  name,
  type: {
    tensorType: {
      elemType: elementType[dtype],
      shape: {
        dim: shape.map((d) => (typeof d === "string" ? { dimParam: d } : { dimValue: d })),
      },
    },
  },
});
