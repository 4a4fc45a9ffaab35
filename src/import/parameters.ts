/** Tensors of the file in one trace of the network: constants, parameters, and weights of layers, each made once. */
import { add, constant, type Node } from "../graph/index.ts";
import { called } from "../graph/called.ts";
import { perUnit } from "../nn/norm.ts";
import type { Scope } from "../nn/scope.ts";
import type { NodeProto, TensorProto } from "../onnx/index.ts";
import type { LayerSpec, LayerWeight, Value } from "./call.ts";
import type { Role, Roles } from "./roles.ts";
import { decodeTensor, dtypeOf, type Decoded, type External } from "./tensors.ts";

/** The file's tensors as they are needed: decoded once for all traces. */
export interface Store {
  readonly roles: Roles;
  decoded(tensor: TensorProto): Decoded;
  /** As a constant of a graph. */
  constant(tensor: TensorProto): Value;
}

export function storeOf(
  roles: Roles,
  { where, external }: { readonly where: string; readonly external?: External },
): Store {
  const decodings = new Map<TensorProto, Decoded>();
  const constants = new Map<TensorProto, Value>();
  const decoded = (tensor: TensorProto): Decoded => {
    const known = decodings.get(tensor) ?? decodeTensor(tensor, where, external);
    decodings.set(tensor, known);
    return known;
  };
  return {
    roles,
    decoded,
    constant(tensor) {
      const known = constants.get(tensor);
      if (known) return known;
      const { type, shape, data } = decodeTensor(tensor, where, external); // which the node copies
      const { name = "" } = tensor;
      const node = constant(data, shape, dtypeOf(type));
      const made = { node: name === "" ? node : called(node, name), type };
      constants.set(tensor, made);
      return made;
    },
  };
}

/** What the tensors are in one trace. */
export interface Parameters {
  /** A tensor that is no weight of a layer. */
  value(tensor: TensorProto): Value;
  /** Layer `node` with its weight, which is a parameter. Its bias is `bias` where that is none. */
  layer(node: NodeProto, spec: LayerSpec, parts: LayerParts): LayerWeight;
}
export interface LayerParts {
  readonly weight: TensorProto;
  /** Of the file, and trained. */
  readonly trainedBias?: TensorProto;
  /** Any other. */
  readonly bias?: Node;
}

export function parametersIn(scope: Scope, store: Store): Parameters {
  const values = new Map<TensorProto, Value>();
  const layers = new Map<NodeProto, LayerWeight>();
  const made = (tensor: TensorProto, role: Role): Value => {
    const { shape, type, data } = store.decoded(tensor);
    const letter = role.kind === "parameter" ? role.letter : role.kind === "bias" ? "b" : "w";
    const inner = scope.child("imported", role.path);
    return {
      node: inner.parameter(letter, shape, { init: { kind: "values", values: data } }),
      type,
    };
  };
  return {
    value(tensor) {
      const role = store.roles.of(tensor);
      if (!role) return store.constant(tensor);
      const value = values.get(tensor) ?? made(tensor, role);
      values.set(tensor, value);
      return value;
    },
    layer(node, spec, parts) {
      const layer = layers.get(node) ?? layerIn(scope, store, spec, parts);
      layers.set(node, layer);
      return layer;
    },
  };
}

function layerIn(
  scope: Scope,
  store: Store,
  { kind, axis, groups = 1 }: LayerSpec,
  { weight, trainedBias, bias }: LayerParts,
): LayerWeight {
  const { shape, data } = store.decoded(weight);
  const role = store.roles.of(weight)!;
  const units = shape[axis] * groups;
  const inner = scope.child(kind, role.path);
  const { weights, preactivation } = inner.norm.layer(
    inner,
    { w: { shape, g: shape.map((_, i) => (i === axis ? units : 1)), values: data } },
    {
      ...{ units, initScale: 1, bias: trainedBias !== undefined },
      trained: trainedBias ? { bias: store.decoded(trainedBias).data } : {},
    },
  );
  return {
    w: weights.w,
    preactivation: (t) => biased(preactivation(t), bias),
  };
}

/** t [batch, units, ...] with a bias [units], where there is one. */
export const biased = (t: Node, bias: Node | undefined): Node =>
  bias ? add(t, bias.shape.length <= 1 ? perUnit(bias, t) : bias) : t;
