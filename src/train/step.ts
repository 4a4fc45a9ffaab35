/** One network, three programs: loss + gradients + updates is a training step; initialization and evaluation are its siblings. */
import { grad } from "../autodiff/index.ts";
import {
  abs,
  add,
  max,
  mul,
  optionsOf,
  sum,
  topological,
  type Input,
  type Node,
  type OptionNames,
  type Update,
} from "../graph/index.ts";
import { trace, type Mode, type Norm, type Scope, type Trace } from "../nn/index.ts";
import type { Optimizer } from "../optim/index.ts";
import type { ProgramSpec } from "../runtime/program.ts";
import { checkOutputs, checkStep, checkTraining, checkUpdates, lossOf } from "./step-checks.ts";

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

const stepNames = { inputs: "required", norm: "required", key: "optional" } as const;
export const trainNames: OptionNames<TrainOptions> = {
  ...stepNames,
  optimizer: "required",
  also: "optional",
};
const known = {
  initStep: optionsOf<StepOptions>("initStep", stepNames),
  trainStep: optionsOf<TrainOptions>("trainStep", trainNames),
  evalStep: optionsOf<StepOptions>("evalStep", stepNames),
  diagnosticStep: optionsOf<StepOptions>("diagnosticStep", stepNames),
};

function traced(network: Network, mode: Mode, { norm, key }: StepOptions): Trace<Outputs> {
  const found = trace(network, { mode, norm, ...(key ? { key } : {}) });
  checkOutputs(found.value);
  return found;
}

/** A program that asks for no more than it needs: evaluation has no use for a learning rate, nor for a key. */
export function program(
  { inputs, key }: Pick<StepOptions, "inputs" | "key">,
  outputs: Readonly<Record<string, Node>>,
  updates: readonly Update[] = [],
): ProgramSpec {
  const order = topological([...Object.values(outputs), ...updates.map((u) => u.next)]);
  const used = new Set(order.flatMap((n) => (n.op === "input" ? [n.attrs.name] : [])));
  const all = key ? [...inputs, key] : inputs;
  return {
    inputs: all.filter((x) => used.has(x.attrs.name)),
    unused: all.filter((x) => !used.has(x.attrs.name)),
    outputs,
    updates,
  };
}

/**
 * Data-dependent initialization, to be run once before training; its outputs "dead:<layer>" count units without variance. A batch
 * on which a scale would not be finite is an error that names the first such layer.
 */
export function initStep(network: Network, options: StepOptions): ProgramSpec {
  checkStep("initStep", network, known.initStep(options));
  const { value, updates, dead } = traced(network, "init", options);
  const counts = Object.entries(dead).map(([layer, count]) => [`dead:${layer}`, count] as const);
  const spec = program(options, { ...value, ...Object.fromEntries(counts) }, updates);
  return { ...spec, finite: true };
}

/**
 * Forward, backward, optimizer and running averages: the whole training step. One whose loss is not finite returns it and leaves
 * the state as it was.
 */
export function trainStep(network: Network, options: TrainOptions): ProgramSpec {
  const { optimizer, also = () => [] } = checkTraining(network, known.trainStep(options));
  const { value, parameters, updates } = traced(network, "train", options);
  const steps = checkUpdates("optimizer", optimizer(parameters, grad(lossOf(value), parameters)));
  const further = checkUpdates("also", also([...updates, ...steps]));
  return { ...program(options, value, [...updates, ...steps, ...further]), watch: ["loss"] };
}

/** The outputs with running averages in place of batch statistics, and without noise. */
export function evalStep(network: Network, options: StepOptions): ProgramSpec {
  checkStep("evalStep", network, known.evalStep(options));
  return program(options, traced(network, "eval", options).value);
}

/** The largest |pre-activation| of every layer, in order, NaN where one is not finite: run on the batch where a loss became NaN, it names the layer. */
export function diagnosticStep(network: Network, options: StepOptions): ProgramSpec {
  checkStep("diagnosticStep", network, known.diagnosticStep(options));
  const { preactivations } = traced(network, "train", options);
  const largest = Object.entries(preactivations).map(
    ([layer, t]) => [layer, add(max(abs(t)), sum(mul(t, 0)))] as const, // ONNX Runtime's maximum passes over NaN, a sum does not
  );
  return program(options, Object.fromEntries(largest));
}
