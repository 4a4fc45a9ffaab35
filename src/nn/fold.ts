/**
 * Weights without their normalization and back, on the host: w = g v / |v| as one tensor for networks traced with plain
 * weights (eq. 2, computed in float64), and v = w, g = |w|, which leaves the function of the network as it is.
 */
import { sizeOf, type Dtype, type Parameter, type Shape } from "../graph/index.ts";
import { unitShapes } from "./weight-norm.ts";

/** A tensor outside the graph, row-major; what runtimes keep state in. */
export interface Values {
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;
}
/** Tensors by name: a state, or what comes from elsewhere. */
export type Tensors = ReadonlyMap<string, Values>;

/** Weights that carry a name of their own, `lstm1.wih.v`; any other layer's weight is "w", `dense1.v`. */
const ownName = /(^|\.)(wih|whh)$/;
const plainName = (layer: string): string =>
  ownName.test(layer) ? layer : layer === "" ? "w" : `${layer}.w`;
/** "dense1" of "dense1.v"; undefined for names that do not end so. */
const layerOf = (name: string): string | undefined =>
  name === "v" ? "" : name.endsWith(".v") ? name.slice(0, -2) : undefined;
const under = (layer: string, letter: string): string =>
  layer === "" ? letter : `${layer}.${letter}`;

/**
 * Every `X.v` with its `X.g` (or `X.s`, g = e^s) as one weight `X.w`; a zero row of v gives a zero row of w. All else
 * stays, optimizer state of v and g included: parameters of an arm with weight normalization become those of the same
 * arm with plain weights, ready for evaluation, and for training with a new optimizer.
 */
export function fold(state: Tensors): Map<string, Values> {
  const result = new Map(state);
  for (const [name, v] of state) {
    const layer = layerOf(name);
    if (layer === undefined) continue;
    const [g, s] = ["g", "s"].map((letter) => state.get(under(layer, letter)));
    const scales = g ?? s;
    if (!scales) continue; // a second moment of Adam is called v too
    const target = plainName(layer);
    if (state.has(target))
      throw new Error(
        `fold: "${target}" is there beside "${name}", got a weight twice; delete one`,
      );
    for (const letter of ["v", "g", "s"]) result.delete(under(layer, letter));
    result.set(target, like(v, v.shape, folded(v, scales, g === undefined)));
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
 * computes what it did; a zero row gets g = 0, or s = 0. Weights of layers that are not normalized stay.
 */
export function unfold(state: Tensors, parameters: readonly Parameter[]): Map<string, Values> {
  const result = new Map(state);
  const shapes = new Map(parameters.map((p) => [p.attrs.name, p.shape]));
  for (const [name, shape] of shapes) {
    const layer = layerOf(name);
    if (layer === undefined) continue;
    const letter = ["g", "s"].find((l) => shapes.has(under(layer, l)));
    if (letter === undefined)
      throw new Error(
        `unfold: "${name}" has no scale among the parameters, got ${[...shapes.keys()].join(", ")}; pass every parameter, frozen ones too`,
      );
    const source = plainName(layer);
    const w = state.get(source);
    if (`${w?.shape}` !== `${shape}`)
      throw new Error(
        `unfold: "${source}" should be [${shape}] to become "${name}", got ${w ? `[${w.shape}]` : "nothing"}; use the state of the same network with plain weights`,
      );
    const gShape = shapes.get(under(layer, letter))!;
    const { norms } = unitNorms(w!, gShape);
    result.delete(source);
    result.set(name, w!);
    result.set(under(layer, letter), like(w!, gShape, scalesFrom(norms, letter)));
  }
  return result;
}

/**
 * Sets every g in `state` to |v| (every s to log |v|): the network with weight normalization then starts as the one whose
 * plain weights are v, which is how it starts where there is no data-dependent initialization.
 */
export function startScales(state: Map<string, Values>): void {
  for (const [name, v] of state) {
    const layer = layerOf(name);
    if (layer === undefined) continue;
    const letter = ["g", "s"].find((l) => state.has(under(layer, l)));
    if (letter === undefined) continue; // a second moment of Adam
    const scales = state.get(under(layer, letter))!;
    const { norms } = unitNorms(v, scales.shape);
    state.set(under(layer, letter), like(v, scales.shape, scalesFrom(norms, letter)));
  }
}

/** The norm of every unit of v, in the order of g, and the unit that each element of v belongs to. */
export function unitNorms(
  v: Values,
  g: Shape,
): { readonly unit: Int32Array; readonly norms: Float64Array } {
  const { vShape, gShape } = unitShapes(v.shape, g);
  /** How far apart in g the units are that are neighbours along an axis of v; 0 where an axis is within units. */
  const strides = gShape.map((d, axis) => (d === 1 ? 0 : sizeOf(gShape.slice(axis + 1))));
  const unit = new Int32Array(v.data.length);
  const norms = new Float64Array(sizeOf(g));
  const place = vShape.map(() => 0);
  // Every layer of every run comes by here at each point of its curve: a plain loop takes a tenth of the time of a map.
  for (let i = 0, at = 0; i < unit.length; i++) {
    unit[i] = at;
    norms[at] += v.data[i] * v.data[i];
    for (let axis = vShape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++place[axis] < vShape[axis]) break;
      at -= strides[axis] * vShape[axis];
      place[axis] = 0;
    }
  }
  return { unit, norms: norms.map(Math.sqrt) };
}

/** g = |v|, or s with e^s = |v|; a zero row has s = 0. */
const scalesFrom = (norms: Float64Array, letter: string): Float64Array =>
  letter === "g" ? norms : norms.map((n) => (n === 0 ? 0 : Math.log(n)));

/** Values of the same kind of array as `x`. */
const like = (x: Values, shape: Shape, values: ArrayLike<number>): Values => ({
  dtype: x.dtype,
  shape,
  data: x.data instanceof Float64Array ? Float64Array.from(values) : Float32Array.from(values),
});
