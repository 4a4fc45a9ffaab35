/**
 * Weights without their normalization and back, on the host: w = g v / |v| as one tensor for networks traced with plain
 * weights (eq. 2, computed in float64), and v = w, g = |w|, which leaves the function of the network as it is.
 */
import type { Parameter, Shape } from "../graph/index.ts";
import { checkedParts, partedWeights, partOf, unitScale, type Parted } from "./parts.ts";
import type { Tensors, Values } from "./values.ts";
import { inTwoParts, logScale, unitNorms } from "./units.ts";

export type { Tensors, Values } from "./values.ts";

/**
 * Every `X.v` with its `X.g` (or `X.s`, g = e^s) as one weight `X.w`, and by PyTorch's names every `X.weight_v` with its
 * `X.weight_g`, or the two of `X.parametrizations.weight`, as `X.weight`; a zero row of v gives a zero row of w. All else
 * stays, optimizer state of v and g included: parameters of an arm with weight normalization become those of the same
 * arm with plain weights, ready for evaluation, and for training with a new optimizer. A part without the other, and a weight
 * that is there twice, is an error. Values must be on the host: after steps pass `await read(state)`.
 */
export function fold(state: Tensors): Map<string, Values> {
  const result = new Map(state);
  for (const parts of checkedParts("fold", state)) {
    const v = state.get(parts.v)!;
    const scales = unitScale("fold", parts, state);
    for (const name of [parts.v, parts.scale]) result.delete(name);
    result.set(parts.weight, like(v, v.shape, folded(v, scales, parts.exponential)));
  }
  return result;
}

function folded(v: Values, scales: Values, exponential: boolean): Float64Array {
  const { unit, norms } = unitNorms(v, scales.shape);
  const by = Array.from(norms, (n, i) => {
    const g = exponential ? Math.exp(scales.data[i]) : scales.data[i];
    return n === 0 ? 0 : g / n;
  });
  return Float64Array.from(v.data, (x, i) => x * by[unit[i]]);
}

/**
 * The inverse of `fold` for the network with `parameters`: v = w and g = |w|, in the shape of its g, so that the network
 * computes what it did; a zero row gets g = 0, or s = 0. Weights of layers that are not normalized stay, and so do those
 * that are in two parts already. Values must be on the host, as for `fold`.
 */
export function unfold(state: Tensors, parameters: readonly Parameter[]): Map<string, Values> {
  const result = new Map(state);
  const shapes = new Map(parameters.map((p) => [p.attrs.name, p.shape]));
  const wanted = new Map(partedWeights(shapes.keys()).map((parts) => [parts.v, parts]));
  for (const [name, shape] of shapes) {
    if (partOf(name)?.letter !== "v") continue;
    const parts = wanted.get(name);
    if (!parts)
      throw new Error(
        `unfold: "${name}" has no scale among the parameters, got ${[...shapes.keys()].join(", ")}; pass every parameter, frozen ones too`,
      );
    if (isUnfolded(state, parts, shapes)) continue;
    const { weight, scale } = parts;
    const w = state.get(weight);
    if (`${w?.shape}` !== `${shape}`) {
      const advice = w ? undefined : armAdvice(state.keys(), weight);
      throw new Error(
        `unfold: "${weight}" should be [${shape}] to become "${name}", got ${w ? `[${w.shape}]` : "nothing"}; ${advice ?? "use the state of the same network with plain weights"}`,
      );
    }
    const gShape = shapes.get(scale)!;
    const { v, norms } = inTwoParts(w!, gShape);
    result.delete(weight);
    result.set(name, v === w!.data ? w! : like(w!, w!.shape, v));
    result.set(scale, like(w!, gShape, scalesFrom(norms, scale)));
  }
  return result;
}

/** Whether v and its scale are there as the parameters want them, and w is not. */
function isUnfolded(
  state: Tensors,
  { weight, v, scale }: Parted,
  shapes: ReadonlyMap<string, Shape>,
): boolean {
  if (!state.has(v)) return false;
  if (state.has(weight))
    throw new Error(`unfold: "${weight}" is there beside "${v}", got a weight twice; delete one`);
  for (const name of [v, scale]) {
    const x = state.get(name);
    if (`${x?.shape}` !== `${shapes.get(name)}`)
      throw new Error(
        `unfold: "${name}" should be [${shapes.get(name)}], got ${x ? `[${x.shape}]; fold first, unfold(fold(state), parameters)` : "nothing; use the whole state"}`,
      );
  }
  return true;
}

const ourLetter = /(^|\.)(w|wih|whh|v|g|s|b)$/;
const torchName = /(^|\.)(weight|bias)(_\w+)?$/;

/**
 * What to call where a network lacks the parameter `missing` and the names in `state` are those of another arm, or PyTorch's;
 * nothing where they are not. Every message about a state that does not fit has it from here.
 */
export function armAdvice(state: Iterable<string>, missing: string): string | undefined {
  const names = new Set(state);
  const parted = partedWeights(names);
  const of = (weight: string): boolean => parted.some((p) => p.weight === weight);
  const part = partOf(missing);
  if (of(missing))
    return "its weights are normalized: call fold(state) for a network with plain ones";
  if (part && names.has(part.weight))
    return "its weights are plain: call unfold(state, parameters) for a network with weight normalization";
  if (part && of(part.weight))
    return "its scales are of the other kind, g or s: call unfold(fold(state), parameters)";
  const isTorch = (name: string): boolean =>
    torchName.test(name) || (partOf(name)?.scheme ?? "ours") !== "ours";
  return ourLetter.test(missing) && [...names].some(isTorch)
    ? "its names are PyTorch's: call fromTorch(state), with the layers named as the modules"
    : undefined;
}

/**
 * Sets every g in `state` to |v| (every s to log |v|): the network with weight normalization then starts as the one whose
 * plain weights are v, which is how it starts where there is no data-dependent initialization. To be called before any step:
 * values must be on the host.
 */
export function startScales(state: Map<string, Values>): void {
  for (const { v, scale } of partedWeights(state.keys())) {
    const { norms } = unitNorms(state.get(v)!, state.get(scale)!.shape);
    state.set(scale, like(state.get(v)!, state.get(scale)!.shape, scalesFrom(norms, scale)));
  }
}

/** The scale of that name: g = |v|, or s with e^s = |v|; a zero row has s = 0. */
const scalesFrom = (norms: Float64Array, name: string): Float64Array =>
  partOf(name)?.letter !== "s" ? norms : norms.map(logScale);

/** Values of the same kind of array as `x`. */
const like = (x: Values, shape: Shape, values: ArrayLike<number>): Values => ({
  dtype: x.dtype,
  shape,
  data: x.data instanceof Float64Array ? Float64Array.from(values) : Float32Array.from(values),
});
