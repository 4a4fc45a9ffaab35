/** Models that stand alone: what was learned goes in as constants, so that any ONNX runtime can use it. */
import {
  constant,
  optionsOf,
  type Input,
  type Node,
  type Parameter,
  type Shape,
} from "../graph/index.ts";
import { plainTarget } from "./emit.ts";
import { toModel } from "./model.ts";
import { rewrite } from "./rewrite.ts";

/** The values of parameters, by name: a runtime's state, or what `fold` makes of it. */
export type ParameterValues = ReadonlyMap<
  string,
  { readonly shape: Shape; readonly data: ArrayLike<number> }
>;

/** `outputs` with a constant in place of every parameter. */
export function freeze<K extends string>(
  outputs: Readonly<Record<K, Node>>,
  values: ParameterValues,
): Readonly<Record<K, Node>> {
  const constants = new Map<string, Node>(); // one a name, so that shared weights are stored once
  const frozen = rewrite(Object.values<Node>(outputs), (n) => {
    if (n.op !== "parameter") return n;
    const value = constants.get(n.attrs.name) ?? valueOf(n, values);
    constants.set(n.attrs.name, value);
    return value;
  });
  const entries = Object.keys(outputs).map((name, i) => [name, frozen[i]]);
  return Object.fromEntries(entries) as Record<K, Node>;
}

function valueOf({ attrs, shape, dtype }: Parameter, values: ParameterValues): Node {
  const value = values.get(attrs.name);
  if (`${value?.shape}` !== `${shape}`)
    throw new Error(
      `freeze: "${attrs.name}" should be [${shape}], got ${value ? `[${value.shape}]` : `nothing under that name among ${[...values.keys()].join(", ")}`}; pass the state of this network, folded if it has plain weights`,
    );
  return constant(value!.data, shape, dtype);
}

const known = optionsOf<ExportOptions>("exportModel", { metadata: "optional" });
/**
 * The bytes of an .onnx file that computes `outputs` and needs nothing but the inputs, which keep their names. For a
 * network without its normalization, trace it in mode "eval" with the arm that has plain weights, and fold its state:
 * `exportModel({ y: trace(network, { mode: "eval", norm: arms.plain }).value }, fold(state))`.
 */
export const exportModel = (
  outputs: Readonly<Record<string, Node>>,
  values: ParameterValues,
  options: ExportOptions = {},
): Uint8Array => {
  const { metadata = {} } = known(options);
  const naming = { nameOf: (n: Input | Parameter): string => n.attrs.name, metadata };
  return toModel(freeze(outputs, values), plainTarget, naming).bytes;
};

/** Options of {@link exportModel}. */
export interface ExportOptions {
  /** What else there is to say of the model, by name: ONNX's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
}
