/** Which tensors of a file are parameters, what they are called, and which of them are weights of layers. */
import { sizeOf, type Shape } from "../graph/index.ts";
import type { NodeProto, TensorProto } from "../onnx/index.ts";
import { allNodes, isFloat, isOwn, readsOf, subgraphs } from "./graph.ts";

/** What a tensor of the file is in a network. */
export type Role =
  /** The weight of a layer, handed to the normalization in force. */
  | { readonly kind: "weight"; readonly node: NodeProto; readonly path: string }
  /** The bias of such a layer. */
  | { readonly kind: "bias"; readonly node: NodeProto; readonly path: string }
  /** Any other parameter: "bn1.gamma". */
  | { readonly kind: "parameter"; readonly path: string; readonly letter: string };

/** What may be said of which tensors are trained. Patterns are tried on names in the file and on names of parameters. */
export interface TrainedOptions {
  /** Only those are trained. */
  readonly train?: RegExp;
  /** Those are not. */
  readonly freeze?: RegExp;
  /** Nothing that this value of the graph rests on is trained. */
  readonly upTo?: string;
}

/** Ops whose weight is that of a layer: where it is, and its bias. */
const layers: Readonly<Record<string, { readonly weight: number; readonly bias?: number }>> = {
  Conv: { weight: 1, bias: 2 },
  ConvTranspose: { weight: 1, bias: 2 },
  Gemm: { weight: 1, bias: 2 },
  MatMul: { weight: 1 },
};

/** What other inputs are called where they are parameters; what is not here is never trained. */
const letters: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  PRelu: { 1: "slope" },
  BatchNormalization: { 1: "gamma", 2: "beta" },
  InstanceNormalization: { 1: "gamma", 2: "beta" },
  LayerNormalization: { 1: "gamma", 2: "beta" },
  GroupNormalization: { 1: "gamma", 2: "beta" },
  RMSNormalization: { 1: "gamma" },
  LSTM: { 1: "wih", 2: "whh", 3: "b", 7: "peephole" },
  GRU: { 1: "wih", 2: "whh", 3: "b" },
  RNN: { 1: "wih", 2: "whh", 3: "b" },
  Gather: { 0: "w" },
  Conv: { 1: "w", 2: "b" },
  ConvTranspose: { 1: "w", 2: "b" },
  Gemm: { 0: "w", 1: "w", 2: "b" },
  MatMul: { 0: "w", 1: "w" },
  Add: { 0: "b", 1: "b" },
  Sub: { 0: "b", 1: "b" },
  Mul: { 0: "gamma", 1: "gamma" },
  Div: { 0: "gamma", 1: "gamma" },
};

/** What only looks at a tensor in another form: the role is that of whom it goes to. */
const FORMS = new Set([
  "Reshape",
  "Unsqueeze",
  "Squeeze",
  "Flatten",
  "Transpose",
  "Identity",
  "Cast",
  "Expand",
]);
/** What exporters put the gates of a recurrent layer into another order with. */
const PARTS = new Set(["Slice", "Split", "Concat"]);
const RECURRENT = new Set(["LSTM", "GRU", "RNN"]);
const FURTHEST = 8;
/** Characters of a name that says something. */
const LONGEST = 100;

interface Use {
  readonly node: NodeProto;
  readonly index: number;
}

export interface Roles {
  of(tensor: TensorProto): Role | undefined;
  /** From a parameter's name, normalized or not ("conv1.w", "bn1.gamma"), to that of its tensor in the file. */
  readonly original: ReadonlyMap<string, string>;
}

export interface RolesOptions {
  /** Names of what is fed. */
  readonly given: ReadonlySet<string>;
  /** What messages call the model. */
  readonly where: string;
}

/** What is done to an input before anything else, as taking a mean off, is no part of the network to be trained. */
const isPreparation = ({ node }: Use, given: ReadonlySet<string>): boolean =>
  ["Add", "Sub", "Mul", "Div"].includes(node.opType ?? "") &&
  node.input.some((name) => given.has(name));

/** The roles of `constants`, by the names that nodes call them by; `nodes` are those that are needed, of graphs within graphs too. */
export function rolesOf(
  constants: readonly (readonly [name: string, tensor: TensorProto])[],
  nodes: readonly NodeProto[],
  { train, freeze, upTo, given, where }: TrainedOptions & RolesOptions,
): Roles {
  const uses = usesIn(nodes);
  const frozen = upTo === undefined ? new Set<NodeProto>() : above(upTo, nodes, where);
  const paths = new Map<NodeProto, string>();
  const taken = new Map<string, NodeProto>();
  const counts = new Map<string, number>();
  const pathOf = (node: NodeProto, name: string): string => {
    const known = paths.get(node);
    if (known !== undefined) return known;
    const kind = kindOf(node);
    const count = (): string => {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      return `${kind}${counts.get(kind)!}`;
    };
    let path = told(name) ?? told(node.name ?? "", true) ?? count();
    while (taken.has(path)) path = count();
    taken.set(path, node);
    paths.set(node, path);
    return path;
  };
  const original = new Map<string, string>();
  const roles = new Map<TensorProto, Role>();
  for (const [name, tensor] of constants) {
    if (!isFloat(tensor) || sizeOf(tensor.dims) <= 1) continue; // an exponent or an epsilon is no weight
    const found = userOf(name, uses);
    if (!found) continue;
    const { user, direct } = found;
    if (frozen.has(user.node)) continue;
    const letter = letterOf(user);
    if (letter === undefined || isPreparation(user, given)) continue;
    const path = pathOf(user.node, name);
    const called = [name, `${path}.${letter}`];
    if (train && !called.some((x) => matches(train, x))) continue;
    if (freeze && called.some((x) => matches(freeze, x))) continue;
    const role = roleOf(user, { direct, dims: tensor.dims, path, letter });
    const full =
      role.kind === "parameter" ? unique(`${path}.${role.letter}`, original) : `${path}.${letter}`;
    original.set(full, name);
    roles.set(
      tensor,
      role.kind === "parameter" ? { ...role, letter: full.slice(path.length + 1) } : role,
    );
  }
  return { of: (tensor) => roles.get(tensor), original };
}

function roleOf(
  { node, index }: Use,
  {
    direct,
    dims,
    path,
    letter,
  }: {
    readonly direct: boolean;
    readonly dims: Shape;
    readonly path: string;
    readonly letter: string;
  },
): Role {
  const layer = Object.hasOwn(layers, node.opType ?? "") ? layers[node.opType!] : undefined;
  if (direct && layer?.weight === index && isMatrix(node, dims))
    return { kind: "weight", node, path };
  if (direct && layer?.bias === index && dims.length === 1) return { kind: "bias", node, path };
  // A layer's b is its norm's to make; what is added in another form is not it.
  return { kind: "parameter", path, letter: layer?.bias === index ? "shift" : letter };
}

/** A product with a stack of matrices has no units to speak of. */
const isMatrix = ({ opType }: NodeProto, dims: Shape): boolean =>
  opType === "MatMul" || opType === "Gemm" ? dims.length === 2 : dims.length >= 3;

/** What a tensor is used for, by way of its forms: the first use that says what it is. `direct` where that is the only one, of the tensor itself. */
function userOf(
  name: string,
  uses: ReadonlyMap<string, readonly Use[]>,
): { readonly user: Use; readonly direct: boolean } | undefined {
  const first = uses.get(name) ?? [];
  if (first.some(({ node }) => PARTS.has(node.opType ?? ""))) return recurrentUserOf(first, uses);
  const isForm = ({ node, index }: Use): boolean =>
    index === 0 && FORMS.has(node.opType ?? "") && isOwn(node);
  let open = first;
  for (let i = 0; i < FURTHEST && open.length > 0 && open.length < 100; i++) {
    const user = open.find((use) => !isForm(use) && letterOf(use) !== undefined);
    if (user) return { user, direct: i === 0 && first.length === 1 };
    open = open.filter(isForm).flatMap(({ node }) => uses.get(node.output[0]) ?? []);
  }
  return undefined;
}

/** What an input of a node is called as a parameter; undefined where it is never trained. */
const letterOf = ({ node, index }: Use): string | undefined =>
  isOwn(node) && Object.hasOwn(letters, node.opType ?? "")
    ? letters[node.opType!][index]
    : undefined;

/** The recurrent layer that all parts of a tensor go to, or the first of several in branches of which one is taken. */
function recurrentUserOf(
  from: readonly Use[],
  uses: ReadonlyMap<string, readonly Use[]>,
): { readonly user: Use; readonly direct: false } | undefined {
  let open = from;
  const found: Use[] = [];
  for (let i = 0; i < FURTHEST && open.length > 0 && open.length < 100; i++) {
    const isPart = ({ node: { opType = "" }, index }: Use): boolean =>
      opType === "Concat" || (index === 0 && (FORMS.has(opType) || PARTS.has(opType)));
    found.push(...open.filter((use) => !isPart(use)));
    open = open.filter(isPart).flatMap(({ node }) => node.output.flatMap((y) => uses.get(y) ?? []));
  }
  const user = found.at(0);
  const isRecurrent = found.every(
    ({ node: { opType = "" }, index }) => RECURRENT.has(opType) && index === user?.index,
  );
  return user && isRecurrent && open.length === 0 ? { user, direct: false } : undefined;
}

function usesIn(nodes: readonly NodeProto[]): ReadonlyMap<string, readonly Use[]> {
  const uses = new Map<string, Use[]>();
  for (const node of nodes)
    for (const [index, name] of node.input.entries()) {
      if (name === "") continue;
      const list = uses.get(name) ?? [];
      list.push({ node, index });
      uses.set(name, list);
    }
  return uses;
}

/** The nodes that the value `name` rests on. */
function above(name: string, nodes: readonly NodeProto[], where: string): ReadonlySet<NodeProto> {
  const makers = new Map(nodes.flatMap((node) => node.output.map((output) => [output, node])));
  if (!makers.has(name))
    throw new Error(
      `${where}: upTo names a value of the graph, got "${name}", which no node makes; weightnorm inspect lists them`,
    );
  const found = new Set<NodeProto>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const node = makers.get(next);
    if (!node || found.has(node)) continue;
    for (const inner of [node, ...subgraphs(node).flatMap((g) => allNodes(g, where))])
      found.add(inner);
    open.push(...readsOf(node));
  }
  return found;
}

/** Patterns with the flag g remember where they were. */
const matches = (pattern: RegExp, text: string): boolean => text.search(pattern) >= 0;

/** "Conv" to "conv", "BatchNormalization" to "batchNormalization", "LSTM" to "lstm". */
const kindOf = ({ opType = "" }: NodeProto): string =>
  /^[A-Z]+$/.test(opType) ? opType.toLowerCase() : opType.charAt(0).toLowerCase() + opType.slice(1);

/** What a name says of the layer: "backbone.conv1.weight" says backbone.conv1; numbers and what exporters count say nothing. */
function told(name: string, isNode = false): string | undefined {
  if (name.length > LONGEST) return undefined;
  const path = name
    .replace(/[._/](weight|bias|w|b|kernel|gamma|beta|scale|running_\w+?)(_\d+)?$/i, "")
    .split(/[/:\s.]+/)
    .filter((part) => part !== "")
    .join(".");
  const telling =
    /[a-z]/i.test(path) && !/^(onnx\.|const|p2o\.|tensor|[A-Z]\w*_\d+$|Constant)/.test(path);
  if (!telling || (isNode && /^[A-Z][A-Za-z]*[._]\d+$/.test(path))) return undefined;
  return path;
}

function unique(name: string, taken: ReadonlyMap<string, string>): string {
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${name}${i}`;
  return free;
}
