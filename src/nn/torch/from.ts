/**
 * State by our names out of PyTorch's. Modules and layers have one name: give layers those of the modules
 * (`dense(10, { name: "fc" })`), or say in `modules` what they are called here.
 */
import type { Parameter } from "../../graph/index.ts";
import type { Tensors, Values } from "../fold.ts";
import {
  difference,
  filled,
  refuse,
  renamed,
  rows,
  sum,
  under,
  type ModuleNames,
} from "./values.ts";

/** Options of {@link fromTorch}. */
export interface FromTorchOptions {
  /**
   * Those of the network that the state is for (of a trace or a program). With them every tensor must find its parameter and every trainable
   * parameter its tensor, and a vector that names alone do not explain is what the network has there.
   */
  readonly parameters?: readonly Parameter[];
  /** Layers by the names of their modules, where they differ: `{ "0": "conv1", "1": "conv1" }`, a convolution and its batch normalization. */
  readonly modules?: ModuleNames;
}

interface Found {
  readonly name: string;
  readonly x: Values;
}
/** The tensors of one module by what they are, and by part: "" for a plain one, "g" and "v" for those of weight normalization. */
type Module = Map<string, Map<string, Found>>;

const WEIGHT = String.raw`weight|weight_[ih]h_l\d+(?:_reverse)?|in_proj_weight|[qkv]_proj_weight`;
const OTHER = String.raw`bias|bias_[ih]h_l\d+(?:_reverse)?|in_proj_bias|running_mean|running_var|num_batches_tracked`;
const torchName = new RegExp(
  String.raw`^(?:(?<module>.*)\.)?(?:parametrizations\.(?<parametrized>${WEIGHT})\.original(?<original>[01])|(?<plain>${WEIGHT})(?:_(?<letter>[gv]))?|(?<other>${OTHER}))$`,
);

/**
 * State by our names out of tensors by PyTorch's: of linear, convolutional, embedding and attention modules, with weight
 * normalization in either scheme or without; of LSTMs, the two biases added up, and GRUs, for cells with `resetAfter`; of batch,
 * layer and group normalization and PReLU. A vector that stands alone is a PReLU's slope unless `parameters` say otherwise. A
 * bias before batch normalization moves its mean. Tensors that no layer has are an error.
 */
export function fromTorch(tensors: Tensors, options: FromTorchOptions = {}): Map<string, Values> {
  const { modules, unmatched } = modulesOf(tensors);
  const layers = new Map(Object.entries(options.modules ?? {}));
  const wanted = new Set(options.parameters?.map((p) => p.attrs.name));
  const result = new Map<string, Values>();
  for (const [name, module] of modules) {
    const left = translate(
      module,
      { layer: layerName(name, modules, layers), wanted },
      (key, x) => {
        if (result.has(key))
          throw new Error(
            `fromTorch: two modules have the parameter "${key}", got it again in "${name}"; give one of them another layer in \`modules\``,
          );
        result.set(key, x);
      },
    );
    for (const tensor of left) unmatched.add(tensor);
  }
  refuse(
    "fromTorch",
    [...tensors.keys()].filter((name) => unmatched.has(name)),
    "tensors that no layer here has",
  );
  biasesIntoMeans(result);
  if (options.parameters) check(result, options.parameters);
  return result;
}

function modulesOf(tensors: Tensors): {
  readonly modules: ReadonlyMap<string, Module>;
  readonly unmatched: Set<string>;
} {
  const modules = new Map<string, Module>();
  const unmatched = new Set<string>();
  for (const [name, x] of tensors) {
    const found: Readonly<Partial<Record<string, string>>> = torchName.exec(name)?.groups ?? {};
    const what = found.parametrized ?? found.plain ?? found.other;
    if (what === undefined) {
      unmatched.add(name);
      continue;
    }
    const { module = "", original, letter = "" } = found;
    const kinds: Module = modules.get(module) ?? new Map<string, Map<string, Found>>();
    const parts = kinds.get(what) ?? new Map<string, Found>();
    parts.set(original === undefined ? letter : "gv"[Number(original)], { name, x });
    modules.set(module, kinds.set(what, parts));
  }
  return { modules, unmatched };
}

const isAttention = (module: Module | undefined): boolean =>
  module !== undefined && ["in_proj_weight", "q_proj_weight"].some((what) => module.has(what));

function layerName(
  name: string,
  modules: ReadonlyMap<string, Module>,
  layers: ReadonlyMap<string, string>,
): string {
  const parent = /^(?:(.*)\.)?out_proj$/.exec(name);
  return parent && !layers.has(name) && isAttention(modules.get(parent.at(1) ?? ""))
    ? under(renamed(parent.at(1) ?? "", layers), "output")
    : renamed(name, layers);
}

type Put = (key: string, x: Values) => void;
interface Layer {
  readonly layer: string;
  /** The names of the network's parameters, where they are known. */
  readonly wanted: ReadonlySet<string>;
}

/** Puts what a module has by its layer's names; the names of tensors that are left. */
function translate(module: Module, { layer, wanted }: Layer, put: Put): readonly string[] {
  const left = new Set(
    [...module.values()].flatMap((parts) => [...parts.values()].map((f) => f.name)),
  );
  /** What there is of a kind, with the letter of its part, "w" for a plain one. */
  const take = (what: string, use: (x: Values, part: string) => void): void => {
    for (const [part, { name, x }] of module.get(what) ?? []) {
      left.delete(name);
      use(x, part);
    }
  };
  const places = [...module.keys()].flatMap((what) => /_[ih]h_(.*)$/.exec(what)?.[1] ?? []);
  for (const place of new Set(places))
    recurrent(module, place, take, (key, x) => {
      put(under(layer, place === "l0" ? key : `${place}.${key}`), x);
    });
  if (isAttention(module))
    attention(take, (key, x) => {
      put(under(layer, key), x);
    });
  else
    simple(module, { layer, wanted }, take, (key, x) => {
      put(under(layer, key), x);
    });
  return [...left];
}
type Take = (what: string, use: (x: Values, part: string) => void) => void;

/** A cell of an LSTM, whose matrices have rows for four gates, or of a GRU, for three. */
function recurrent(module: Module, place: string, take: Take, put: Put): void {
  const hh = module.get(`weight_hh_${place}`);
  const matrix = (hh?.get("") ?? hh?.get("v"))?.x.shape;
  const gates = matrix ? matrix[0] / matrix[1] : module.has(`weight_ih_${place}`) ? NaN : 4;
  if (gates !== 3 && gates !== 4) return;
  for (const w of ["wih", "whh"])
    take(`weight_${w.slice(1)}_${place}`, (x, part) => {
      const name = part === "" ? w : `${w}.${part}`;
      if (gates === 4) put(name, x);
      else inGates(name, x, put);
    });
  const biases: Values[] = [];
  for (const kind of ["ih", "hh"]) take(`bias_${kind}_${place}`, (x) => void biases.push(x));
  if (biases.length === 0) return;
  const [input, hidden = filled(input, 0)] = biases;
  if (gates === 4) put("b", sum(input, hidden));
  else {
    const units = input.shape[0] / 3;
    put("gates.b", rows(sum(input, hidden), 0, 2 * units));
    put("new.b", rows(input, 2 * units, 3 * units));
    put("new.bh", rows(hidden, 2 * units, 3 * units));
  }
}
function inGates(name: string, x: Values, put: Put): void {
  const units = x.shape[0] / 3;
  put(`gates.${name}`, rows(x, 0, 2 * units));
  put(`new.${name}`, rows(x, 2 * units, 3 * units));
}

const letterOf = (part: string): string => (part === "" ? "w" : part);
const PROJECTIONS = ["query", "key", "value"];
function attention(take: Take, put: Put): void {
  const thirds = (x: Values, letter: string): void => {
    const units = x.shape[0] / 3;
    PROJECTIONS.forEach((p, i) => {
      put(`${p}.${letter}`, rows(x, i * units, (i + 1) * units));
    });
  };
  take("in_proj_weight", (x, part) => {
    thirds(x, letterOf(part));
  });
  take("in_proj_bias", (x) => {
    thirds(x, "b");
  });
  for (const p of PROJECTIONS)
    take(`${p[0]}_proj_weight`, (x, part) => {
      put(`${p}.${letterOf(part)}`, x);
    });
}

/** A module with one weight, or a normalization. */
function simple(module: Module, { layer, wanted }: Layer, take: Take, put: Put): void {
  const shapeOf = (what: string): string | undefined => {
    const found = module.get(what)?.get("");
    return found && `${found.x.shape}`;
  };
  const hasStatistics = module.has("running_mean");
  const has = (letter: string): boolean => wanted.has(under(layer, letter));
  const isNorm =
    hasStatistics ||
    (shapeOf("weight") !== undefined && shapeOf("weight") === shapeOf("bias")) ||
    (has("gamma") && !has("w") && !has("v"));
  if (isNorm) {
    take("weight", (x) => {
      put("gamma", x);
    });
    take("bias", (x) => {
      put("beta", x);
    });
    take("running_mean", (x) => {
      put("mean", x);
      if (!module.has("weight")) put("gamma", filled(x, 1));
      if (!module.has("weight")) put("beta", filled(x, 0));
    });
    take("running_var", (x) => {
      put("variance", x);
    });
    take("num_batches_tracked", () => undefined);
    return;
  }
  const parts = [...(module.get("weight")?.values() ?? [])];
  if (parts.every(({ x }) => x.shape.length >= 2))
    take("weight", (x, part) => {
      put(letterOf(part), x);
    });
  else if (shapeOf("weight") !== undefined && !module.has("bias"))
    take("weight", (x) => {
      put("slope", x);
    });
  take("bias", (x) => {
    put("b", x);
  });
}

/** Batch normalization removes a bias with the mean: the mean without it is less by the bias. */
function biasesIntoMeans(state: Map<string, Values>): void {
  for (const [name, mean] of state) {
    const at = (letter: string): string => name.replace(/mean$/, letter);
    const b = state.get(at("b"));
    if (!/(^|\.)mean$/.test(name) || !b || !state.has(at("variance"))) continue;
    state.set(name, difference(mean, b));
    state.delete(at("b"));
  }
}

/** Plain weights and weights with g and v stand for each other here: `fold` and `unfold` make one of the other. */
const plainName = (name: string): string =>
  name.replace(/(^|\.)(?:(w[ih]h)\.)?[gvs]$/, (_, dot: string, w?: string) => dot + (w ?? "w"));

function check(state: Tensors, parameters: readonly Parameter[]): void {
  const shapes = new Map(parameters.map((p) => [p.attrs.name, p.shape]));
  const [ours, theirs] = [shapes, state].map((names) => new Set([...names.keys()].map(plainName)));
  const extra = [...state.keys()].filter((name) => !ours.has(plainName(name)));
  const missing = parameters.flatMap(({ attrs: { name, trainable } }) =>
    trainable && !theirs.has(plainName(name)) ? [name] : [],
  );
  if (extra.length > 0 || missing.length > 0)
    throw new Error(
      `fromTorch: the tensors are not those of the network, got ${[
        ...(extra.length > 0 ? [`${extra.join(", ")} that it has not`] : []),
        ...(missing.length > 0 ? [`nothing for ${missing.join(", ")}`] : []),
      ].join(
        " and ",
      )}; give layers the names of their modules, or say in \`modules\` what they are called`,
    );
  for (const [name, x] of state) {
    const shape = shapes.get(name);
    if (shape && `${shape}` !== `${x.shape}`)
      throw new Error(
        `fromTorch: "${name}" is [${shape}] in the network, got [${x.shape}]; make the layer as the module was made`,
      );
  }
}
