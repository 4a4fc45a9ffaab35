/** A quadratic bowl to roll down, on a runtime and, for the loops written out in tests, on plain numbers. */
import { grad } from "../../src/autodiff/index.ts";
import {
  add,
  constant,
  mul,
  parameter,
  parametersOf,
  square,
  sum,
  type Input,
  type Node,
  type Parameter,
  type Update,
} from "../../src/graph/index.ts";
import type { Optimizer } from "../../src/optim/index.ts";
import {
  initialState,
  tensor,
  type Runtime,
  type State,
  type Tensor,
} from "../../src/runtime/program.ts";
import { reference } from "../../src/runtime/reference.ts";

const [a, b] = [
  [0.5, 2, 0.1],
  [1, -3, 0.2],
];
/** Where it starts: numbers that float32 holds exactly. */
export const start: readonly number[] = [1.5, -0.75, 3];
/** The gradient of sum(a p^2 + b p). */
export const slope = (p: number, i: number): number => 2 * a[i] * p + b[i];

export const p: Parameter = parameter("p", [3], { init: { kind: "values", values: start } });
export const loss: Node = sum(add(mul(constant(a), square(p)), mul(constant(b), p)));

export interface RollOptions {
  readonly steps?: number;
  readonly runtime?: Runtime;
  /** Scalar inputs of the optimizer and what they are at each step. */
  readonly inputs?: readonly (readonly [Input, (step: number) => number])[];
}
export interface Rolled {
  /** p after each step. */
  readonly path: readonly (readonly number[])[];
  readonly state: State;
  readonly updates: readonly Update[];
}
/** p after each of some steps, and what lasts after the last. */
export async function roll(
  optimizer: Optimizer,
  { steps = 3, runtime = reference, inputs = [] }: RollOptions = {},
): Promise<Rolled> {
  const updates = optimizer([p], grad(loss, [p]));
  const program = await runtime.compile({ inputs: inputs.map(([x]) => x), updates });
  const state = initialState(parametersOf(updates.flatMap((u) => [u.parameter, u.next])), 1);
  const path: number[][] = [];
  for (let step = 0; step < steps; step++) {
    const feeds = inputs.map(([x, at]): [string, Tensor] => [
      x.attrs.name,
      tensor(Float64Array.of(at(step)), []),
    ]);
    await program.run(Object.fromEntries(feeds), state);
    path.push([...state.get("p")!.data]);
  }
  await program.release();
  return { path, state, updates };
}

/** How many steps of Adam with a beta1 of 0.9 a state has been through, by the odds that it keeps. */
export const adamStepsIn = (state: State): number =>
  Math.round(Math.log1p(state.get("adam.odds.0.9")!.data[0]) / -Math.log(0.9));
