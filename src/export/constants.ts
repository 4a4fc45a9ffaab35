/** What is known at export: the values of parameters, what is computed of constants alone, and what each is called. */
import {
  broadcastShapes,
  node,
  type Node,
  type OpName,
  type Parameter,
  type Shape,
} from "../graph/index.ts";
import { calledIn } from "../graph/called.ts";
import { keyOf, rewrite, valueFor, type ParameterValues } from "../onnx/index.ts";
import { partedWeights } from "../nn/parts.ts";
import { evaluate } from "../runtime/reference.ts";

/** Constants of one export: what was folded once stays folded, also where a network is traced again. */
export interface Constants {
  /** Nodes with constants in place of parameters and of whatever rests on constants alone. */
  settle(roots: readonly Node[]): readonly Node[];
  /** n, or its value where all that it takes is constant. */
  fold(n: Node): Node;
  /** The transpose of a constant matrix as a constant. */
  resolve(n: Node): Node;
  /** What a constant is called after; undefined where it rests on no parameter. */
  labelOf(n: Node): string | undefined;
  /** Whether that is the name of a parameter or of a weight in two parts. */
  isParameter(label: string): boolean;
  /** n, called `label`. */
  call(n: Node, label: string | undefined): Node;
}

/** Where a constant comes from: the parameters that it rests on, and what it is called. */
interface Origin {
  readonly sources: readonly string[];
  readonly label: string;
}

export function constantsOf(values: ParameterValues): Constants {
  const frozen = new Map<string, Node>();
  const origins = new Map<Node, Origin>();
  const folded = new Map<string, Node>();
  const ids = new Map<Node, number>();
  const weights = new Map(
    partedWeights(values.keys()).flatMap(({ v, scale, weight }) => [
      [v, weight],
      [scale, weight],
    ]),
  );
  const wholes = new Set(weights.values());
  const id = (n: Node): number => {
    if (!ids.has(n)) ids.set(n, ids.size);
    return ids.get(n)!;
  };
  const once = (n: Node, make: () => Node): Node => {
    const key = keyOf(n, id);
    const known = folded.get(key) ?? make();
    folded.set(key, known);
    return known;
  };

  const freeze = (p: Parameter): Node => {
    const { name } = p.attrs;
    const known = frozen.get(name);
    if (known) return known;
    const { data } = valueFor(p, values);
    const { shape, dtype } = p;
    const made = node("constant", [], { data, shape, dtype }); // the caller's array, which nobody changes meanwhile
    frozen.set(name, made);
    origins.set(made, { sources: [name], label: name });
    return made;
  };

  /** What the value of n is called. */
  const describe = (n: Node): Origin | undefined => {
    const from = n.inputs.flatMap((x) => origins.get(x) ?? []);
    if (from.length === 0) return undefined;
    const sources = [...new Set(from.flatMap((o) => o.sources))];
    if (n.op === "reshape") return { sources, label: from[0].label };
    const [weight, ...others] = new Set(sources.map((name) => weights.get(name) ?? name));
    const whole = others.length === 0 && sources.length > 1 && n.op !== "transpose";
    return { sources, label: whole ? weight : `${weight}.${n.op}` };
  };
  const valueOf = (n: Node): Node => {
    const { shape, dtype } = n;
    const [x] = n.inputs;
    const data =
      n.op === "reshape" && x.op === "constant" ? x.attrs.data : compact(evaluate({ y: n }).y.data);
    const made = node("constant", [], { data, shape, dtype });
    const origin = describe(n);
    if (origin) origins.set(made, origin);
    return made;
  };
  const resolve = (n: Node): Node => (isTransposed(n) ? once(n, () => valueOf(n)) : n);

  const fold = (n: Node): Node => {
    if (n.op === "parameter") return freeze(n);
    if (n.op === "constant") {
      const own = calledIn(n);
      if (own !== undefined) {
        origins.set(n, { sources: [own], label: own });
        wholes.add(own);
      }
      return origins.has(n) ? n : once(n, () => n);
    }
    if (n.inputs.length === 0 || n.op === "broadcastTo") return n;
    const whole = n.op === "matmul" ? n : withInputs(n, n.inputs.map(resolve));
    const short = spread(whole);
    if (isTransposed(short) || !short.inputs.every((x) => x.op === "constant")) return short;
    return once(short, () => valueOf(short));
  };
  return {
    settle: (roots) => rewrite(roots, fold),
    fold,
    resolve,
    isParameter: (label) => values.has(label) || wholes.has(label),
    labelOf: (n) => origins.get(n)?.label,
    call(n, label) {
      if (label !== undefined) origins.set(n, { sources: origins.get(n)?.sources ?? [], label });
      return n;
    },
  };
}

/** Matrices stay as they are stored: a product may take them transposed. */
export const isTransposed = (n: Node): boolean =>
  n.op === "transpose" && n.inputs[0].op === "constant" && n.shape.length === 2;

const withInputs = (n: Node, inputs: readonly Node[]): Node =>
  inputs.every((x, i) => x === n.inputs[i]) ? n : node(n.op, inputs as never, n.attrs as never);

const broadcasting: ReadonlySet<OpName> = new Set<OpName>([
  ...(["add", "sub", "mul", "div", "pow", "maximum", "minimum"] as const),
  ...(["equal", "less", "lessOrEqual", "logicalAnd", "logicalOr", "select"] as const),
]);
/** n with operands as they were before they were stretched, where n stretches them by itself. */
function spread(n: Node): Node {
  if (!broadcasting.has(n.op)) return n;
  return n.inputs.reduce((best: Node, x, i) => {
    if (x.op !== "broadcastTo") return best;
    const inputs = best.inputs.map((y, k) => (k === i ? x.inputs[0] : y));
    const shape = inputs.map((y) => y.shape).reduce((a, b): Shape => broadcastShapes(n.op, a, b));
    return `${shape}` === `${n.shape}` ? withInputs(best, inputs) : best;
  }, n);
}

/** Large tensors in single precision, which is what is stored; small ones stay exact until all is folded. */
const compact = (data: ArrayLike<number>): ArrayLike<number> =>
  data instanceof Float64Array && data.length > 4096 ? Float32Array.from(data) : data;
