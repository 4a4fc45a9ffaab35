/**
 * The names that PyTorch gives to the same tensors, both ways. Modules and layers keep their names: give layers the
 * modules' (`dense(10, { name: "fc" })`). Shapes and the order of an LSTM's gates are the same there and here.
 */
import type { Tensors, Values } from "./fold.ts";

/** How PyTorch stores v and g: `torch.nn.utils.weight_norm`, or `torch.nn.utils.parametrizations.weight_norm`. */
export type TorchScheme = "weight_norm" | "parametrizations";

/** Our name of a weight by PyTorch's: an LSTM's matrices have names of their own. */
const weights: Readonly<Record<string, string>> = {
  weight: "w",
  weight_ih_l0: "wih",
  weight_hh_l0: "whh",
};
const torchWeights = Object.fromEntries(Object.entries(weights).map(([k, v]) => [v, k]));
const [biasIh, biasHh] = ["bias_ih_l0", "bias_hh_l0"];

const patterns: readonly (readonly [RegExp, "" | "g" | "v"])[] = [
  [/^parametrizations\.(.+)\.original0$/, "g"],
  [/^parametrizations\.(.+)\.original1$/, "v"],
  [/^(.+)_g$/, "g"],
  [/^(.+)_v$/, "v"],
  [/^(.+)$/, ""],
];

/** "fc.weight_g" in its parts, "fc." and "weight_g"; the first that `known` accepts. */
const split = (name: string): readonly (readonly [module: string, rest: string])[] => {
  const dots = [-1, ...[...name.matchAll(/\./g)].map((m) => m.index)];
  return dots.map((i) => [name.slice(0, i + 1), name.slice(i + 1)]);
};

/**
 * State by our names out of tensors by PyTorch's: weights with either scheme of weight normalization or with none, and
 * biases (the two of an LSTM added up). Tensors that it has no name for are an error.
 */
export function fromTorch(tensors: Tensors): Map<string, Values> {
  const result = new Map<string, Values>();
  const unmatched: string[] = [];
  for (const [name, x] of tensors) {
    const ours = ourName(name, x);
    if (ours === undefined) unmatched.push(name);
    else set(result, ours, x, name);
  }
  if (unmatched.length > 0)
    throw new Error(
      `fromTorch: tensors that no layer has, got ${unmatched.join(", ")}; rename them, or delete them from the map`,
    );
  return result;
}
