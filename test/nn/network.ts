/** A network in its three modes with everything needed to run it. */
import { expect } from "vitest";
import { hash, keyOf } from "../../src/graph/hash.ts";
import {
  input,
  parametersOf,
  sizeOf,
  type Dtype,
  type Input,
  type Node,
  type Parameter,
  type Shape,
} from "../../src/graph/index.ts";
import { arms, trace, type Arm, type Mode, type Norm, type Trace } from "../../src/nn/index.ts";
import {
  initialState,
  keyTensor,
  tensor,
  type Runtime,
  type State,
  type Tensor,
} from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";
import type { Kind } from "./kinds.ts";

export const armNames = Object.keys(arms) as Arm[];

export interface Network {
  readonly x: Input;
  readonly traces: Readonly<Record<Mode, Trace<Node>>>;
  /** Everything that lasts, trained or not. */
  readonly parameters: readonly Parameter[];
  /** One batch, and a key for what is random. */
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** First values, before data-dependent initialization. */
  fresh(seed?: number): State;
  /** First values after it, and how many units were dead. */
  initialized(runtime: Runtime, state?: State): Promise<Initialized>;
  /** The values of some nodes of the network. */
  run(
    runtime: Runtime,
    outputs: Readonly<Record<string, Node>>,
    state: State,
  ): Promise<Readonly<Record<string, Tensor>>>;
}
export interface Initialized {
  readonly state: State;
  readonly dead: Readonly<Record<string, number>>;
}

export function networkOf({ x: shape, dtype = "float", layer }: Kind, norm: Norm): Network {
  const x = input("x", shape, dtype);
  const key = input("key", [2], "uint32");
  const inputs = [x, key];
  const traced = (mode: Mode): Trace<Node> =>
    trace((scope) => layer(scope, x), { mode, norm, key });
  const traces = { init: traced("init"), train: traced("train"), eval: traced("eval") };
  const roots = Object.values(traces).flatMap((t) => [
    t.value,
    ...t.updates.flatMap((u) => [u.parameter, u.next]),
  ]);
  const parameters = parametersOf(roots);
  const feeds = { x: noise(shape, { dtype }), key: keyTensor(1) };
  const fresh = (seed = 1): State => initialState(parameters, seed);
  return {
    x,
    traces,
    parameters,
    feeds,
    fresh,
    async initialized(runtime, state = fresh()) {
      const { dead: outputs, updates } = traces.init;
      const program = await runtime.compile({ inputs, outputs, updates });
      const counts = await program.run(feeds, state);
      await program.release();
      const dead = Object.fromEntries(Object.entries(counts).map(([k, v]) => [k, v.data[0]]));
      return { state, dead };
    },
    async run(runtime, outputs, state) {
      const program = await runtime.compile({ inputs, outputs });
      const values = await program.run(feeds, new Map(state));
      await program.release();
      return values;
    },
  };
}

/** Numbers on [-2, 2), uneven enough to have no symmetries; whole numbers 0 to 4 for int32. */
export function noise(
  shape: Shape,
  { dtype = "float", seed = 0 }: { readonly dtype?: Dtype; readonly seed?: number } = {},
): Tensor {
  const key = keyOf("noise", seed);
  const unit = Float64Array.from({ length: sizeOf(shape) }, (_, i) => hash(i, key) / 2 ** 32);
  if (dtype === "int32")
    return tensor(
      Int32Array.from(unit, (u) => 5 * u),
      shape,
      dtype,
    );
  return tensor(
    unit.map((u) => 4 * u - 2),
    shape,
    dtype,
  );
}

export interface Moments {
  readonly mean: number;
  readonly std: number;
}
/** Mean and standard deviation of every unit (axis 1) of a tensor, over all other axes. */
export function momentsOf({ shape, data }: Tensor): readonly Moments[] {
  const positions = sizeOf(shape.slice(2));
  return Array.from({ length: shape[1] }, (_, unit) => {
    const mine = Array.from(data).filter((_v, i) => Math.floor(i / positions) % shape[1] === unit);
    const mean = mine.reduce((a, b) => a + b, 0) / mine.length;
    return { mean, std: Math.sqrt(mine.reduce((a, b) => a + (b - mean) ** 2, 0) / mine.length) };
  });
}

/** Values of all sorts for everything that lasts; variances positive. */
export const anyState = ({ parameters }: Network): State =>
  new Map(
    parameters.map(({ attrs: { name }, shape }, seed) => {
      const values = noise(shape, { seed: seed + 1 });
      const data = name.includes("variance") ? values.data.map((v) => 1.5 + v / 2) : values.data;
      return [name, tensor(data, shape)];
    }),
  );

/** The values of a layer of the arm `plain` on a state of its parameters. */
export function valueOf(kind: Kind, state: State, mode: Mode = "eval"): number[] {
  const { traces, feeds } = networkOf(kind, arms.plain);
  return [...evaluate({ y: traces[mode].value }, { feeds, state }).y.data];
}
/** Equal to ten decimals. */
export const near = (got: ArrayLike<number>, expected: ArrayLike<number>): void => {
  expect(got.length).toBe(expected.length);
  Array.from(expected).forEach((x, i) => expect(got[i]).toBeCloseTo(x, 10));
};
