/** Deep Q-learning as programs (Mnih et al. 2015): to act, to learn, to start, and to let the target network catch up. */
import {
  grad,
  huber,
  input,
  ops,
  parametersOf,
  trace,
  type Input,
  type Layer,
  type Mode,
  type Node,
  type Norm,
  type Optimizer,
  type ProgramSpec,
  type Trace,
} from "../../src/index.ts";

const { abs, add, argmax, max, mean, mul, oneHot, sub, sum } = ops;

export interface QLearning {
  /** The network, and how it is normalized. */
  readonly network: Layer;
  readonly norm: Norm;
  /** [channels, height, width] of what the network sees, and its largest value, which becomes 1. */
  readonly shape: readonly number[];
  readonly most: number;
  /** The discount of rewards to come. */
  readonly gamma: number;
  /** Whether the online network chooses the action that the target network judges (van Hasselt et al. 2016). */
  readonly double: boolean;
  readonly optimizer: Optimizer;
}

/** Where the parameters of the target network are in a state. */
export const TARGET = "target";

const seen = (name: string, batch: number, { shape }: QLearning): Input =>
  input(name, [batch, ...shape]);

/** The online network, or the target network, on observations x. */
function valued(
  x: Node,
  mode: Mode,
  { network, norm, most }: QLearning,
  target = false,
): Trace<Node> {
  const scaled = most === 1 ? x : mul(x, 1 / most);
  return trace((scope) => network(target ? scope.child(TARGET, TARGET) : scope, scaled), {
    mode,
    norm,
  });
}

/** Of observations `x` the best `action`, int32 [batch], and its `value` [batch]. */
export function actStep(batch: number, q: QLearning): ProgramSpec {
  const x = seen("x", batch, q);
  const { value } = valued(x, "eval", q);
  return { inputs: [x], outputs: { action: argmax(value), value: max(value, { axes: 1 }) } };
}

/** Of observations `x` the value Q of every action, `values` [batch, actions]. */
export function valueStep(batch: number, q: QLearning): ProgramSpec {
  const x = seen("x", batch, q);
  return { inputs: [x], outputs: { values: valued(x, "eval", q).value } };
}

/** Data-dependent initialization on observations `x`; the outputs "dead:<layer>" count units that do not vary. */
export function initialStep(batch: number, q: QLearning): ProgramSpec {
  const x = seen("x", batch, q);
  const { value, updates, dead } = valued(x, "init", q);
  const counts = Object.entries(dead).map(([layer, count]) => [`dead:${layer}`, count] as const);
  return {
    inputs: [x],
    outputs: { values: value, ...Object.fromEntries(counts) },
    updates,
    finite: true,
  };
}

/**
 * One step of learning from transitions: observations `x`, int32 `actions`, `rewards`, whether that was the end (1 or 0),
 * and observations `next`. The loss is Huber's of Q(x, action) against reward + gamma (1 - ended) max Q'(next, .); `q` is
 * the mean over the batch of the best action's value. A step whose loss is not finite leaves the state as it was.
 */
export function learnStep(batch: number, q: QLearning): ProgramSpec {
  const [x, next] = [seen("x", batch, q), seen("next", batch, q)];
  const actions = input("actions", [batch], "int32");
  const [rewards, ended] = [input("rewards", [batch]), input("ended", [batch])];
  const online = valued(x, "train", q);
  const values = online.value;
  const count = values.shape[1];
  const of = (y: Node, chosen: Node): Node => sum(mul(y, oneHot(chosen, count)), { axes: 1 });
  const judged = valued(next, "eval", q, true).value;
  const best = q.double
    ? of(judged, argmax(valued(next, "eval", q).value))
    : max(judged, { axes: 1 });
  const target = add(rewards, mul(mul(best, q.gamma), sub(1, ended)));
  const loss = huber(of(values, actions), target);
  return {
    inputs: [x, actions, rewards, ended, next],
    outputs: { loss, q: mean(max(values, { axes: 1 })) },
    updates: [...online.updates, ...q.optimizer(online.parameters, grad(loss, online.parameters))],
    watch: ["loss"],
  };
}

/** The target network takes the parameters of the online network. */
export function copyStep(q: QLearning): ProgramSpec {
  const x = seen("x", 1, q);
  const online = parametersOf([valued(x, "eval", q).value]);
  const target = new Map(
    parametersOf([valued(x, "eval", q, true).value]).map((p) => [p.attrs.name, p]),
  );
  return {
    updates: online.map((p) => ({ parameter: target.get(`${TARGET}.${p.attrs.name}`)!, next: p })),
  };
}

/** By layer the largest |pre-activation| on observations `x`, NaN where one is not finite. */
export function diagnosticStep(batch: number, q: QLearning): ProgramSpec {
  const x = seen("x", batch, q);
  const { preactivations } = valued(x, "train", q);
  const largest = Object.entries(preactivations).map(
    ([layer, t]) => [layer, add(max(abs(t)), sum(mul(t, 0)))] as const, // a maximum passes over NaN, a sum does not
  );
  return { inputs: [x], outputs: Object.fromEntries(largest) };
}
