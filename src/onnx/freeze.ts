/** What was learned as constants. */
import { constant, type Node, type Parameter, type Shape } from "../graph/index.ts";
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

const valueOf = (p: Parameter, values: ParameterValues): Node =>
  constant(valueFor(p, values).data, p.shape, p.dtype);

/** What `values` hold for a parameter, of its shape. */
export function valueFor(
  { attrs, shape }: Parameter,
  values: ParameterValues,
): NonNullable<ReturnType<ParameterValues["get"]>> {
  const value = values.get(attrs.name);
  if (value && `${value.shape}` === `${shape}`) return value;
  throw new Error(
    `freeze: "${attrs.name}" should be [${shape}], got ${value ? `[${value.shape}]` : `nothing under that name among ${[...values.keys()].join(", ")}`}; pass the state of this network, folded if it has plain weights`,
  );
}
