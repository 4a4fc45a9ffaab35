/** What the gates of recurrent nodes are activated by, as their attributes say. */
import {
  add,
  clip,
  elu,
  mul,
  relu,
  sigmoid,
  softplus,
  tanh,
  type Node,
} from "../../graph/index.ts";
import type { Call } from "../call.ts";
import { hardSigmoid, leaky, softsign, thresholded } from "./activation.ts";

/** An activation with the numbers that it takes, which have defaults. */
interface Activation {
  readonly alpha?: number;
  readonly beta?: number;
  readonly f: (x: Node, alpha: number, beta: number) => Node;
}
const activations: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ["relu", { f: relu }],
  ["tanh", { f: tanh }],
  ["sigmoid", { f: sigmoid }],
  ["softsign", { f: softsign }],
  ["softplus", { f: softplus }],
  ["elu", { alpha: 1, f: elu }],
  ["leakyrelu", { alpha: 0.01, f: leaky }],
  ["thresholdedrelu", { alpha: 1, f: thresholded }],
  ["hardsigmoid", { alpha: 0.2, beta: 0.5, f: hardSigmoid }],
  ["affine", { alpha: 1, beta: 0, f: (x, alpha, beta) => add(mul(x, alpha), beta) }],
  ["scaledtanh", { alpha: 1, beta: 1, f: (x, alpha, beta) => mul(tanh(mul(x, beta)), alpha) }],
]);

/** The activations of every direction, one after the other, `defaults` being those of one. */
export function activationsOf(
  call: Call,
  directions: number,
  defaults: readonly string[],
): readonly ((x: Node) => Node)[] {
  const all = Array.from({ length: directions }, () => defaults).flat();
  const names = call.strings("activations", all);
  if (names.length !== all.length)
    throw call.fail(`expected ${all.length} activations, got ${names.length}; the file is damaged`);
  // Those that take a number have the next one of the list.
  const [alphas, betas] = ["alpha", "beta"].map((name) => [
    ...call.floats(`activation_${name}`, []),
  ]);
  const limit = call.float("clip", Infinity);
  return names.map((name, i) => {
    const found = activations.get(name.toLowerCase());
    if (!found)
      throw call.fail(
        `expected activations among ${[...activations.keys()].join(", ")}, got "${name}"; cut the model before it`,
      );
    const { f, alpha = 0, beta = 0 } = found;
    const a = (found.alpha === undefined ? undefined : alphas.shift()) ?? alpha;
    const b = (found.beta === undefined ? undefined : betas.shift()) ?? beta;
    // Gates are clipped and the cell of an LSTM is not, as ONNX Runtime does it.
    const isFree = limit === Infinity || i % defaults.length === 2;
    return (x) => f(isFree ? x : clip(x, -limit, limit), a, b);
  });
}
