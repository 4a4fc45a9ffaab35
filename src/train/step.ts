/** One network, three programs: loss + gradients + updates is a training step; initialization and evaluation are its siblings. */
import { grad } from "../autodiff/index.ts";
import {
  abs,
  add,
  max,
  mul,
  sum,
  topological,
  type Input,
  type Node,
  type Update,
} from "../graph/index.ts";
import { trace, type Mode, type Norm, type Scope, type Trace } from "../nn/index.ts";
import type { Optimizer } from "../optim/index.ts";
import type { ProgramSpec } from "../runtime/program.ts";

/** What a network computes: its `loss`, a scalar, and whatever else is to be read off. */
export type Outputs = Readonly<Record<string, Node>> & { readonly loss: Node };
/** A network: what it computes in a scope, from inputs that it knows. */
export type Network = (scope: Scope) => Outputs;

/** What the programs of a network take. */
export interface StepOptions {
  /** Everything fed at a step: data, labels, scheduled rates. */
  readonly inputs: readonly Input[];
  readonly norm: Norm;
  /** A uint32 [2] input for dropout and noise, with a fresh key every step (see `keyTensor`). */
  readonly key?: Input;
}
/** Options of {@link trainStep}. */
export interface TrainOptions extends StepOptions {
  readonly optimizer: Optimizer;
  /** Further updates, made from those of the step, e.g. `(updates) => movingAverage(updates, 0.999)`. */
  readonly also?: (updates: readonly Update[]) => readonly Update[];
}

const traced = (network: Network, mode: Mode, { norm, key }: StepOptions): Trace<Outputs> =>
  trace(network, { mode, norm, ...(key ? { key } : {}) });

/** A program that asks for no more than it needs: evaluation has no use for a learning rate, nor for a key. */
function program(
  { inputs, key }: StepOptions,
  outputs: Readonly<Record<string, Node>>,
  updates: readonly Update[] = [],
): ProgramSpec {
  const used = new Set(topological([...Object.values(outputs), ...updates.map((u) => u.next)]));
  const all = key ? [...inputs, key] : inputs;
  return { inputs: all.filter((x) => used.has(x)), outputs, updates };
}

/** Data-dependent initialization, to be run once before training; its outputs "dead:<layer>" count units without variance. */
export function initStep(network: Network, options: StepOptions): ProgramSpec {
  const { value, updates, dead } = traced(network, "init", options);
  const counts = Object.entries(dead).map(([layer, count]) => [`dead:${layer}`, count] as const);
  return program(options, { ...value, ...Object.fromEntries(counts) }, updates);
}

/** Forward, backward, optimizer and running averages: the whole training step. */
export function trainStep(
  network: Network,
  { optimizer, also, ...options }: TrainOptions,
): ProgramSpec {
  const { value, parameters, updates } = traced(network, "train", options);
  const steps = optimizer(parameters, grad(value.loss, parameters));
  return program(options, value, [...updates, ...steps, ...(also?.([...updates, ...steps]) ?? [])]);
}

/** The outputs with running averages in place of batch statistics, and without noise. */
export function evalStep(network: Network, options: StepOptions): ProgramSpec {
  return program(options, traced(network, "eval", options).value);
}

/** The largest |pre-activation| of every layer, in order, NaN where one is not finite: run on the batch where a loss became NaN, it names the layer. */
export function diagnosticStep(network: Network, options: StepOptions): ProgramSpec {
  const { preactivations } = traced(network, "train", options);
  const largest = Object.entries(preactivations).map(
    ([layer, t]) => [layer, add(max(abs(t)), sum(mul(t, 0)))] as const, // ONNX Runtime's maximum passes over NaN, a sum does not
  );
  return program(options, Object.fromEntries(largest));
}
