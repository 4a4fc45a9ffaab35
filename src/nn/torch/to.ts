/** PyTorch's names out of state by ours. */
import type { Tensors, Values } from "../fold.ts";
import { filled, refuse, renamed, stacked, under, type ModuleNames } from "./values.ts";

/** How PyTorch stores v and g: `torch.nn.utils.weight_norm`, or `torch.nn.utils.parametrizations.weight_norm`. */
export type TorchScheme = "weight_norm" | "parametrizations";
/** Options of {@link toTorch}. */
export interface ToTorchOptions {
  /** As of `fromTorch`: of two modules that are one layer the first has the weight and the last the normalization. */
  readonly modules?: ModuleNames;
}

/**
 * Tensors by PyTorch's names out of state. The second bias of an LSTM is zero, and that of a GRU for all but its new gate;
 * `num_batches_tracked` is left out, and PyTorch starts it at 0. What PyTorch's modules do not have, e.g. scales g = e^s, the running
 * means of mean-only batch normalization or a `gru` without `resetAfter`, is an error. Values must be on the host: after steps pass
 * `await read(state)`.
 */
export function toTorch(
  state: Tensors,
  scheme: TorchScheme = "parametrizations",
  { modules = {} }: ToTorchOptions = {},
): Map<string, Values> {
  const result = new Map<string, Values>();
  const left = new Map(state);
  const context: Context = {
    state,
    left,
    take(name) {
      const x = left.get(name);
      left.delete(name);
      return x;
    },
    put(module, name, x) {
      const full = under(module, name);
      if (result.has(full))
        throw new Error(
          `toTorch: a weight and its normalization are two modules in PyTorch, got "${full}" twice; name the second as in modules: { bn1: "conv1" }`,
        );
      result.set(full, x);
    },
    weightName: (weight, letter) =>
      letter === "w"
        ? weight
        : scheme === "weight_norm"
          ? `${weight}_${letter}`
          : `parametrizations.${weight}.original${"gv".indexOf(letter)}`,
    moduleOf: modulesOf(modules, state),
  };
  for (const name of state.keys()) {
    const path = /^(?:(.*)\.)?(?:wih|query\.w|wih\.v|query\.v)$/.exec(name);
    if (!path) continue;
    if (/wih(\.v)?$/.test(name)) recurrent(path.at(1) ?? "", context);
    else attention(path.at(1) ?? "", context);
  }
  for (const name of [...left.keys()]) simple(name, context);
  refuse("toTorch", [...left.keys()], "values that PyTorch's modules do not have");
  return result;
}

interface Context {
  readonly state: Tensors;
  /** What has no name yet. */
  readonly left: Map<string, Values>;
  take(name: string): Values | undefined;
  /** Puts a tensor of a module by PyTorch's name for it. */
  put(module: string, name: string, x: Values): void;
  /** PyTorch's name of a weight's v or g, or of itself for "w". */
  weightName(weight: string, letter: string): string;
  moduleOf(layer: string, part: "weight" | "norm"): string;
}

/** The module of a layer; where it is named once and the layer has a weight and a normalization, it is the normalization. */
function modulesOf(names: ModuleNames, state: Tensors): Context["moduleOf"] {
  const layers = Object.entries(names).map(([module, layer]) => [layer, module] as const);
  const firsts = new Map(layers.toReversed());
  const lasts = new Map(layers);
  return (layer, part) => {
    if (part === "norm") return renamed(layer, lasts);
    const once = lasts.has(layer) && firsts.get(layer) === lasts.get(layer);
    const isBoth = ["w", "v"].some((letter) => state.has(under(layer, letter)));
    return once && isBoth && state.has(under(layer, "gamma")) ? layer : renamed(layer, firsts);
  };
}

const LETTERS = ["w", "v", "g"];
/** "lstm1.wih" and "lstm1.wih.v". */
const matrixName = (path: string, w: string, letter: string): string =>
  under(path, letter === "w" ? w : `${w}.${letter}`);
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf(".")));

/** The cell with its matrices at `path`; the gates of a GRU go with its new gate. */
function recurrent(path: string, context: Context): void {
  const { state, left, take, put, weightName, moduleOf } = context;
  const isGates = /(^|\.)gates$/.test(path);
  const cell = isGates ? parentOf(path) : path;
  const parts = isGates ? [path, under(cell, "new")] : [path];
  const has = (at: string, w: string): boolean =>
    ["w", "v"].some((letter) => left.has(matrixName(at, w, letter)));
  if (/(^|\.)(new|candidate)$/.test(path) || !parts.every((at) => has(at, "whh"))) return;
  // Only what is below another cell is a further layer or direction of it.
  const further = /(?:^|\.)(l\d+(?:_reverse)?)$/.exec(cell);
  const isCell = (at: string): boolean =>
    ["wih", "wih.v", "gates.wih", "gates.wih.v"].some((name) => state.has(under(at, name)));
  const { module, place } =
    further && isCell(parentOf(cell))
      ? { module: parentOf(cell), place: further[1] }
      : { module: cell, place: "l0" };
  const name = moduleOf(module, "weight");
  for (const letter of LETTERS)
    for (const w of ["wih", "whh"]) {
      const list = parts.flatMap((at) => take(matrixName(at, w, letter)) ?? []);
      if (list.length > 0)
        put(name, weightName(`weight_${w.slice(1)}_${place}`, letter), stacked(list));
    }
  const biases = parts.flatMap((at) => take(under(at, "b")) ?? []);
  if (biases.length === 0) return;
  const hidden = isGates ? take(under(cell, "new.bh")) : undefined;
  put(name, `bias_ih_${place}`, stacked(biases));
  put(name, `bias_hh_${place}`, stacked([filled(biases[0], 0), ...(hidden ? [hidden] : [])]));
}

const PROJECTIONS = ["query", "key", "value"];
/** The four projections at `path`, three of which PyTorch keeps in one matrix where they are equally wide. */
function attention(path: string, { left, take, put, weightName, moduleOf }: Context): void {
  const at = (projection: string, letter: string): string => under(path, `${projection}.${letter}`);
  const all = [...PROJECTIONS, "output"];
  if (!all.every((p) => left.has(at(p, "w")) || left.has(at(p, "v")))) return;
  const name = moduleOf(path, "weight");
  const matrices = PROJECTIONS.map((p) => left.get(at(p, "w")) ?? left.get(at(p, "v"))!);
  const alike = matrices.every(({ shape }) => `${shape}` === `${matrices[0].shape}`);
  for (const letter of LETTERS) {
    const list = PROJECTIONS.flatMap((p) => take(at(p, letter)) ?? []);
    if (list.length < 3) continue;
    if (alike) put(name, weightName("in_proj_weight", letter), stacked(list));
    else
      list.forEach((x, i) => {
        put(name, weightName(`${PROJECTIONS[i][0]}_proj_weight`, letter), x);
      });
  }
  const biases = PROJECTIONS.flatMap((p) => take(at(p, "b")) ?? []);
  if (biases.length > 0) put(name, "in_proj_bias", stacked(biases));
  for (const letter of LETTERS) {
    const x = take(at("output", letter));
    if (x) put(under(name, "out_proj"), weightName("weight", letter), x);
  }
  const bias = take(at("output", "b"));
  if (bias) put(under(name, "out_proj"), "bias", bias);
}

const NORMS: Readonly<Partial<Record<string, string>>> = {
  gamma: "weight",
  beta: "bias",
  mean: "running_mean",
  variance: "running_var",
};
/** A parameter of a layer with one weight, or of a normalization. */
function simple(name: string, { state, take, put, weightName, moduleOf }: Context): void {
  const found = /^(?:(.*)\.)?(w|v|g|b|slope|gamma|beta|mean|variance)$/.exec(name);
  if (!found) return;
  const [layer, letter] = [found.at(1) ?? "", found[2]];
  const norm = NORMS[letter];
  if (letter === "mean" && !state.has(under(layer, "variance"))) return; // of mean-only batch normalization
  const module = moduleOf(layer, norm ? "norm" : "weight");
  const x = take(name)!;
  if (norm) put(module, norm, x);
  else if (LETTERS.includes(letter)) put(module, weightName("weight", letter), x);
  else put(module, letter === "b" ? "bias" : "weight", x);
}
