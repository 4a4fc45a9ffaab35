/** A range that whole numbers must lie in, and the message when they do not. */
import { type Node, type Shape } from "../graph/index.ts";

export interface Range {
  readonly least: number;
  readonly most: number;
  /** A number outside the range that is let through. */
  readonly or?: number | undefined;
  /** Whose numbers they are. */
  readonly what: string;
}
export interface Demand extends Range {
  /** The node whose elements they are. */
  readonly of: Node;
}

/** What a node asks of its indices, if it is one that asks. */
export function demandOf(n: Node): Demand | undefined {
  switch (n.op) {
    case "within":
      return { ...n.attrs, of: n.inputs[0] };
    case "gather":
      return { least: 0, most: n.inputs[0].shape[0] - 1, what: n.op, of: n.inputs[1] };
    case "scatterAdd":
      return { least: 0, most: n.attrs.size - 1, what: n.op, of: n.inputs[0] };
    default:
      return undefined;
  }
}

export const isInside = (x: number, { least, most, or }: Range): boolean =>
  (x >= least && x <= most) || x === or;

interface Values {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}
/** Throws at the first element of `of`, or the first of those `at` some places, that is outside. */
export function checkRange(demand: Demand, { shape, data }: Values, at?: Int32Array): void {
  const { least, most, or } = demand;
  const count = at?.length ?? data.length;
  for (let i = 0; i < count; i++) {
    const place = at ? at[i] : i;
    const value = data[place];
    if ((value < least || value > most) && value !== or)
      throw outside(demand, value, { place: coordinates(place, shape) });
  }
}

/** That `value`, of all that `of` holds, is outside. */
export function outside(
  { least, most, or, what, of }: Demand,
  value: number,
  { place = [], ...options }: ErrorOptions & { readonly place?: Shape } = {},
): Error {
  const given = of.op === "input" || of.op === "constant";
  const whose =
    of.op === "input"
      ? `input "${of.attrs.name}"`
      : given
        ? "a constant"
        : "what the graph computes";
  return new Error(
    `${what}: expected whole numbers from ${least} to ${most}${or === undefined ? "" : ` or ${or}`}, ` +
      `got ${value} ${place.length > 0 ? `at [${place.join(", ")}] of` : "in"} ${whose}; ` +
      `check ${given ? "them" : "how they are computed"}`,
    options,
  );
}

/** Where the element is that is `index`-th in row-major order. */
function coordinates(index: number, shape: Shape): Shape {
  let rest = index;
  const place = shape.toReversed().map((d) => {
    const i = rest % d;
    rest = Math.floor(rest / d);
    return i;
  });
  return place.toReversed();
}
