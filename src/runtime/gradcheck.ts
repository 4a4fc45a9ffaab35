/** The gradient against finite differences, in float64: the test of every rule, and for users of theirs. */
import { grad } from "../autodiff/index.ts";
import { hash, keyOf } from "../graph/hash.ts";
import {
  constant,
  mul,
  sizeOf,
  sum,
  topological,
  type Input,
  type Node,
  type Parameter,
} from "../graph/index.ts";
import { initialState, tensor, type State, type Tensor } from "./program.ts";
import { evaluate } from "./reference.ts";

/** Options of {@link gradcheck}. */
export interface GradcheckOptions {
  /** What to differentiate by: by default all trainable parameters and all float inputs of the graph. */
  readonly targets?: readonly (Parameter | Input)[];
  /** Values by name; parameters not named get their first values, float inputs N(0, 1)-like noise. */
  readonly feeds?: Readonly<Record<string, Tensor>>;
  readonly state?: State;
  readonly seed?: number;
  /** Half the distance of the central difference. */
  readonly epsilon?: number;
  /** How far the two may lie apart, relative to the larger of them and 1. */
  readonly tolerance?: number;
}
/** Both derivatives, which agree. */
export interface GradcheckResult {
  /** The derivative along the direction, from the gradient. */
  readonly analytic: number;
  /** The same from two values of the loss. */
  readonly numeric: number;
}

/**
 * Compares `grad(loss)` with (loss(x + eps d) - loss(x - eps d)) / 2 eps along one random direction d, as HIPS autograd
 * and JAX do; throws where they differ. A `loss` of any shape is summed with random weights first.
 */
export function gradcheck(loss: Node, options: GradcheckOptions = {}): GradcheckResult {
  const { seed = 1, epsilon = 1e-6, tolerance = 1e-6 } = options;
  const order = topological([loss]);
  const parameters = order.filter((n) => n.op === "parameter");
  const inputs = order.filter((n) => n.op === "input");
  const targets = options.targets ?? [
    ...parameters.filter((p) => p.attrs.trainable),
    ...inputs.filter((x) => x.dtype === "float"),
  ];

  const noise = (n: Node, ...name: (string | number)[]): Tensor => {
    const key = keyOf(seed, ...name);
    return tensor(
      Float64Array.from({ length: sizeOf(n.shape) }, (_, i) => 4 * (hash(i, key) / 2 ** 32) - 2),
      n.shape,
    );
  };
  const missing = inputs.filter(
    (x) => !(x.attrs.name in (options.feeds ?? {})) && x.dtype === "float",
  );
  const feeds = {
    ...Object.fromEntries(missing.map((x) => [x.attrs.name, noise(x, "input", x.attrs.name)])),
    ...options.feeds,
  };
  const state: State = new Map([...initialState(parameters, seed), ...(options.state ?? [])]);

  const scalar =
    loss.shape.length === 0
      ? loss
      : sum(mul(loss, constant(noise(loss, "weights").data, loss.shape)));
  const directions = targets.map((x) => noise(x, "direction", x.attrs.name));
  const at = (distance: number): number => {
    const movedFeeds = { ...feeds };
    const movedState: State = new Map(state);
    for (const [i, x] of targets.entries()) {
      if (x.op === "input")
        movedFeeds[x.attrs.name] = moved(feeds[x.attrs.name], directions[i], distance);
      else movedState.set(x.attrs.name, moved(state.get(x.attrs.name)!, directions[i], distance));
    }
    return evaluate({ loss: scalar }, { feeds: movedFeeds, state: movedState }).loss.data[0];
  };
  const gradients = grad(scalar, targets);
  const values = evaluate(Object.fromEntries(gradients.map((g, i) => [String(i), g])), {
    feeds,
    state,
  });
  const analytic = directions.reduce((total, d, i) => total + dot(values[String(i)], d), 0);
  const numeric = (at(epsilon) - at(-epsilon)) / (2 * epsilon);
  const distance =
    Math.abs(analytic - numeric) / Math.max(1, Math.abs(analytic), Math.abs(numeric));
  if (!(distance <= tolerance))
    throw new Error(
      `gradcheck: the gradient gives ${analytic} along a random direction, finite differences ${numeric}; one of the rules of ${[...new Set(order.map((n) => n.op))].join(", ")} is wrong, or the loss has a kink there`,
    );
  return { analytic, numeric };
}

const moved = (x: Tensor, d: Tensor, distance: number): Tensor =>
  tensor(
    Float64Array.from(x.data, (v, i) => v + distance * d.data[i]),
    x.shape,
  );
const dot = (a: Tensor, b: Tensor): number =>
  Array.from(a.data).reduce((total, v, i) => total + v * b.data[i], 0);
