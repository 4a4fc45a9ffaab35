/**
 * Weights that are stored in two parts, a direction v and a scale, by the names that we and PyTorch give these: "dense1.v"
 * and "dense1.g" (or "dense1.s", g = e^s), "fc.weight_v" and "fc.weight_g" (`torch.nn.utils.weight_norm`),
 * "fc.parametrizations.weight.original1" and "...original0" (`torch.nn.utils.parametrizations.weight_norm`).
 */
import type { Shape } from "../graph/index.ts";
import type { Tensors, Values } from "./values.ts";

export type Letter = "v" | "g" | "s";

/** What a name says: it is the part `letter` of `weight`, which would be called so if it were whole. */
export interface Part {
  readonly weight: string;
  readonly letter: Letter;
  /** Whose name it is. */
  readonly scheme: "ours" | "weight_norm" | "parametrizations";
}

const ourPart = /^(?:(?<layer>.*)\.)?(?<letter>[vgs])$/s;
const torchPart = /^(?<weight>(?:.*\.)?weight\w*)_(?<letter>[vg])$/s;
const parametrization =
  /^(?<module>.*\.)?parametrizations\.(?<weight>\w+)\.original(?<original>[01])$/s;

export function partOf(name: string): Part | undefined {
  const ours = ourPart.exec(name)?.groups;
  if (ours)
    return {
      weight: plainName(ours["layer"] ?? ""),
      letter: ours["letter"] as Letter,
      scheme: "ours",
    };
  const old = torchPart.exec(name)?.groups;
  if (old) return { weight: old["weight"], letter: old["letter"] as Letter, scheme: "weight_norm" };
  const found = parametrization.exec(name)?.groups;
  if (!found) return undefined;
  const { module = "", weight, original } = found;
  return {
    weight: module + weight,
    letter: original === "0" ? "g" : "v",
    scheme: "parametrizations",
  };
}

/** Weights that carry a name of their own, `lstm1.wih.v`; any other layer's weight is "w", `dense1.v`. */
const ownName = /(^|\.)(wih|whh)$/;
export const plainName = (layer: string): string =>
  ownName.test(layer) ? layer : layer === "" ? "w" : `${layer}.w`;

/** A weight in two parts, by the names of these. */
export interface Parted {
  readonly weight: string;
  readonly v: string;
  /** The name of g, or of s with g = e^s. */
  readonly scale: string;
  readonly exponential: boolean;
}

/** Every weight of which both parts are among `names`, in the order of v. */
export function partedWeights(names: Iterable<string>): readonly Parted[] {
  const all = [...names];
  const scales = new Map<string, string>();
  for (const name of all) {
    const part = partOf(name);
    // A layer that has both keeps g.
    if (part && part.letter !== "v" && !(part.letter === "s" && scales.has(keyOf(part))))
      scales.set(keyOf(part), name);
  }
  return all.flatMap((v) => {
    const part = partOf(v);
    const scale = part?.letter === "v" ? scales.get(keyOf(part)) : undefined;
    if (!part || scale === undefined) return [];
    return [{ weight: part.weight, v, scale, exponential: partOf(scale)?.letter === "s" }];
  });
}
const keyOf = ({ scheme, weight }: Part): string => `${scheme} ${weight}`;

/** The same where every weight is whole or in two parts that fit: none is there twice, and no part is alone. */
export function checkedParts(where: string, state: Tensors): readonly Parted[] {
  const parted = partedWeights(state.keys());
  const paired = new Set(parted.flatMap(({ v, scale }) => [v, scale]));
  for (const name of state.keys()) {
    const part = partOf(name);
    if (!part || paired.has(name) || isOfAnother(name, part, state)) continue;
    const [what, other] = part.letter === "v" ? ["direction", "scale"] : ["scale", "direction"];
    throw new Error(
      `${where}: "${name}" is the ${what} of a weight whose ${other} is missing, got no "${otherName(name, part)}"; use the whole state, or leave it out`,
    );
  }
  const first = new Map<string, string>();
  for (const { weight, v } of parted) {
    const other = state.has(weight) ? weight : first.get(weight);
    if (other !== undefined)
      throw new Error(
        `${where}: "${other}" is there beside "${v}", got a weight twice; delete one`,
      );
    first.set(weight, v);
  }
  return parted;
}

const otherName = (name: string, { letter, scheme }: Part): string => {
  const other = letter === "v" ? "g" : "v";
  return scheme === "parametrizations"
    ? `${name.slice(0, -1)}${other === "g" ? 0 : 1}`
    : name.slice(0, -1) + other;
};

/**
 * One letter alone says little. A second moment of Adam is called v too: it has a first moment beside it, or is named after a
 * part; and what has one axis is no part of a matrix.
 */
function isOfAnother(name: string, { letter, scheme }: Part, state: Tensors): boolean {
  if (scheme !== "ours") return false;
  const of = name.slice(0, -2);
  const isMoment = state.has(`${of}.m`) || /\.(v|g|s|w|b|gamma|beta)$/.test(of);
  return isMoment || letter === "s" || state.get(name)!.shape.length < 2;
}

/**
 * A scale in the shape that broadcasts against its v: PyTorch's scale of a norm over the whole tensor is one number, and of
 * one over units a file may have but the units.
 */
export function unitScale(
  where: string,
  parts: Pick<Parted, "v" | "scale">,
  state: Tensors,
): Values {
  const fitted = fittedScale(parts, state);
  if (typeof fitted !== "string") return fitted;
  const [v, g] = [state.get(parts.v)!, state.get(parts.scale)!];
  throw new Error(
    `${where}: "${parts.scale}" does not fit "${parts.v}", got [${g.shape}] and [${v.shape}]; ${fitted}`,
  );
}

/** The same, or what to do where there is no such shape, or more than one. */
export function fittedScale(
  { v, scale }: Pick<Parted, "v" | "scale">,
  state: Tensors,
): Values | string {
  const g = state.get(scale)!;
  const shape = unitShape(state.get(v)!.shape, g.shape);
  return typeof shape === "string" ? shape : { ...g, shape };
}

function unitShape(v: Shape, g: Shape): Shape | string {
  if (g.length === v.length) {
    const wide = g.flatMap((d, axis) => (d === 1 ? [] : [axis]));
    const fits = g.every((d, i) => d === 1 || d === v[i]);
    // Of a transposed convolution in groups: see unitShapes.
    const grouped =
      `${wide}` === "1" && v.length > 2 && g[1] % v[1] === 0 && v[0] % (g[1] / v[1]) === 0;
    return fits || grouped ? g : "give g v's shape with 1 along the axes that the norm runs over";
  }
  const size = g.reduce((a, b) => a * b, 1);
  const along = (axis: number): Shape => v.map((d, i) => (i === axis ? d : 1));
  if (size === 1) return along(-1);
  const axes = g.length === 1 ? v.flatMap((d, axis) => (d === size ? [axis] : [])) : [];
  if (axes.length === 1) return along(axes[0]);
  return axes.length === 0
    ? "give g v's shape with 1 along the axes that the norm runs over"
    : `reshape it to ${axes.map((axis) => `[${along(axis)}]`).join(" or ")}, by the axis that units are along`;
}
