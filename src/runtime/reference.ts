/** The reference interpreter: float64, node by node, no tricks. The other runtimes are tested against it. */
import { topological, type Node } from "../graph/index.ts";
import { meaning } from "./meaning.ts";
import {
  checkFeed,
  type Program,
  type ProgramSpec,
  type Runtime,
  type Tensor,
  type TensorData,
} from "./program.ts";
import { computed, planOf, programOf } from "./run.ts";

/** What a graph is evaluated with. */
export interface EvaluateOptions {
  /** The values of inputs, by name. */
  readonly feeds?: Readonly<Record<string, Tensor>>;
  /** The values of parameters, by name. */
  readonly state?: ReadonlyMap<string, Tensor>;
}

/** The values of `outputs`; floats come as Float64Array. */
export function evaluate<K extends string>(
  outputs: Readonly<Record<K, Node>>,
  { feeds = {}, state = new Map() }: EvaluateOptions = {},
): Record<K, Tensor> {
  const values = new Map<Node, Tensor>();
  const given = (n: Node): readonly Tensor[] => {
    if (n.op === "input") return [checkFeed("input", n.attrs, feeds[n.attrs.name])];
    if (n.op === "parameter") return [checkFeed("parameter", n.attrs, state.get(n.attrs.name))];
    return n.inputs.map((x) => values.get(x)!);
  };
  for (const n of topological(Object.values<Node>(outputs))) {
    const compute = meaning[n.op] as (node: Node, inputs: readonly Tensor[]) => TensorData;
    values.set(n, { dtype: n.dtype, shape: n.shape, data: compute(n, given(n)) });
  }
  const entries = Object.entries<Node>(outputs).map(([name, n]) => [name, values.get(n)!]);
  return Object.fromEntries(entries) as Record<K, Tensor>;
}

/** The runtime that defines the others, for tests and gradient checks; state it has updated is float64. */
export const reference: Runtime = {
  name: "reference",
  compile: (spec) => settle(() => compile(spec)),
};

function compile(spec: ProgramSpec): Program {
  const plan = planOf(spec);
  return programOf(plan, {
    compute: (feeds, state) =>
      settle(() => computed(evaluate(plan.roots, { feeds, state }), plan.spec)),
    release: () => Promise.resolve(),
  });
}

/** A promise of what `f` returns, or a rejection if it throws. */
const settle = <T>(f: () => T): Promise<T> => new Promise((resolve) => resolve(f()));
