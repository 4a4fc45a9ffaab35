/**
 * The names that PyTorch gives to the same tensors, both ways. Modules and layers keep their names: give layers those of
 * the modules (`dense(10, { name: "fc" })`). Shapes and the order of an LSTM's gates are the same there and here; the GRU
 * of PyTorch, whose reset gate comes after the product, is another function and has no names here.
 */
import type { Tensors, Values } from "./fold.ts";

/** How PyTorch stores v and g: `torch.nn.utils.weight_norm`, or `torch.nn.utils.parametrizations.weight_norm`. */
export type TorchScheme = "weight_norm" | "parametrizations";

const torchName =
  /^(?<module>.*\.)?(?:parametrizations\.(?<parametrized>weight\w*)\.original(?<original>[01])|(?<plain>weight|weight_[ih]h_l0)(?:_(?<letter>[gv]))?|(?<bias>bias|bias_[ih]h_l0))$/;
const ourName =
  /^(?<module>.*?\.)??(?:(?<plain>w|wih|whh)|(?:(?<weight>wih|whh)\.)?(?<letter>[gv])|(?<bias>b))$/;
const parts = (pattern: RegExp, name: string): Readonly<Partial<Record<string, string>>> =>
  pattern.exec(name)?.groups ?? {};
const ours: Readonly<Partial<Record<string, string>>> = {
  weight: "w",
  weight_ih_l0: "wih",
  weight_hh_l0: "whh",
};
const theirs: Readonly<Record<string, string>> = {
  w: "weight",
  wih: "weight_ih_l0",
  whh: "weight_hh_l0",
};

/**
 * State by our names out of tensors by PyTorch's: weights with weight normalization in either scheme or without, and
 * biases, the two of an LSTM added up. Tensors that no layer has are an error.
 */
export function fromTorch(tensors: Tensors): Map<string, Values> {
  const result = new Map<string, Values>();
  const unmatched: string[] = [];
  for (const [name, x] of tensors) {
    const { module = "", parametrized, original, plain, letter, bias } = parts(torchName, name);
    const weight = ours[parametrized ?? plain ?? ""];
    const part = original === undefined ? letter : "gv"[Number(original)];
    if (bias !== undefined) {
      const other = result.get(`${module}b`);
      result.set(`${module}b`, other ? sum(other, x) : x);
    } else if (weight === undefined || x.shape.length < 2) unmatched.push(name);
    else
      result.set(
        module + (part === undefined ? weight : weight === "w" ? part : `${weight}.${part}`),
        x,
      );
  }
  refuse("fromTorch", unmatched, "tensors that no layer here has");
  return result;
}

/**
 * Tensors by PyTorch's names out of state; an LSTM's second bias is zero. What PyTorch's modules do not have, e.g. scales
 * g = e^s or running means, is an error.
 */
export function toTorch(
  state: Tensors,
  scheme: TorchScheme = "parametrizations",
): Map<string, Values> {
  const result = new Map<string, Values>();
  const unmatched: string[] = [];
  for (const [name, x] of state) {
    const { module = "", plain, weight = "w", letter, bias } = parts(ourName, name);
    if (plain !== undefined) result.set(module + theirs[plain], x);
    else if (letter !== undefined) {
      const original = `parametrizations.${theirs[weight]}.original${"gv".indexOf(letter)}`;
      result.set(
        module + (scheme === "parametrizations" ? original : `${theirs[weight]}_${letter}`),
        x,
      );
    } else if (bias === undefined) unmatched.push(name);
    else if (state.has(`${module}wih`) || state.has(`${module}wih.v`)) {
      result.set(`${module}bias_ih_l0`, x);
      result.set(`${module}bias_hh_l0`, { ...x, data: x.data.map(() => 0) });
    } else result.set(`${module}bias`, x);
  }
  refuse("toTorch", unmatched, "values that PyTorch's modules do not have");
  return result;
}

const sum = (a: Values, b: Values): Values => ({ ...a, data: a.data.map((x, i) => x + b.data[i]) });
function refuse(where: string, names: readonly string[], what: string): void {
  if (names.length > 0)
    throw new Error(`${where}: ${what}, got ${names.join(", ")}; rename them, or leave them out`);
}
