/** The programs of an arm; runs with other seeds share them. They are compiled when they are first run. */
import {
  arms,
  checkState,
  initialState,
  item,
  sizeOf,
  type Arm,
  type Norm,
  type Parameter,
  type Program,
  type Runtime,
  type State,
  type Tensor,
} from "../../src/index.ts";
import { withOdds } from "../../src/train/earlier-adam.ts";
import { onDemand } from "../../runs/on-demand.ts";
import { optimizers, type DqnConfig } from "./config.ts";
import type { Environment } from "./environment.ts";
import { networks } from "./networks.ts";
import {
  actStep,
  copyStep,
  diagnosticStep,
  initialStep,
  learnStep,
  TARGET,
  valueStep,
  type QLearning,
} from "./q-learning.ts";

/** Observations that data-dependent initialization looks at. */
export const INITIAL_BATCH = 500;

export interface Programs {
  readonly arm: Arm;
  /** First values of everything: network, target and optimizer. */
  initial(seed: number): State;
  /** Every parameter that a state has. */
  readonly all: readonly Parameter[];
  /** The state of a checkpoint, in their order; throws for that of another network. `where` is what messages call it. */
  stateOf(saved: State, where: string): State;
  /** `act` on one observation, `play` on `lanes` at once. */
  readonly act: Program;
  readonly play: Program;
  readonly lanes: number;
  /** The value Q of every action on one observation. */
  readonly values: Program;
  readonly learn: Program;
  readonly copy: Program;
  /** Data-dependent initialization, needed once; by layer how many units do not vary on `x`, and keep their scale. */
  initialize(x: Tensor, state: State): Promise<Readonly<Record<string, number>>>;
  /** The first layer whose pre-activations are not finite on observations `x`. */
  blame(x: Tensor, state: State): Promise<string | undefined>;
  release(): Promise<void>;
}

export function programsOf(
  config: DqnConfig,
  arm: Arm,
  { shape, most, actions }: Pick<Environment, "shape" | "most" | "actions">,
  runtime: Runtime,
): Programs {
  const norm: Norm = arms[arm];
  const q: QLearning = {
    network: networks[config.network](actions.length),
    norm,
    shape: [config.history * shape[0], ...shape.slice(1)],
    most,
    gamma: config.gamma,
    double: config.double,
    optimizer: optimizers[config.optimizer](config.lr[0]),
  };
  const lanes = config.test.episodes;
  const [act, play, values, learn, copy] = [
    ...[actStep(1, q), actStep(lanes, q), valueStep(1, q)],
    ...[learnStep(config.batchSize, q), copyStep(q)],
  ].map((spec) => onDemand(runtime, spec));
  const all = [
    ...new Map(
      [...act.parameters, ...copy.parameters, ...learn.parameters].map((p) => [p.attrs.name, p]),
    ).values(),
  ];
  return {
    arm,
    initial: (seed) => initialState(all, seed),
    ...{ all, act, play, lanes, values, learn, copy },
    stateOf(saved, where) {
      const found = withOdds(saved, all);
      checkState(all, found, where);
      return new Map(all.map(({ attrs: { name } }) => [name, found.get(name)!]));
    },
    async initialize(x, state) {
      const program = await runtime.compile(initialStep(x.shape[0], q));
      const { values: _, ...counts } = await program.run({ x }, state);
      await program.release();
      return Object.fromEntries(
        Object.entries(counts).map(([name, n]) => [name.slice("dead:".length), item(n)]),
      );
    },
    async blame(x, state) {
      const program = await runtime.compile(diagnosticStep(x.shape[0], q));
      const largest = await program.run({ x }, state);
      await program.release();
      return Object.keys(largest).find((layer) => !Number.isFinite(item(largest[layer])));
    },
    async release() {
      await Promise.all([act, play, values, learn, copy].map((p) => p.release()));
    },
  };
}

export const isTarget = (name: string): boolean => name.startsWith(`${TARGET}.`);

/** How many numbers of a state training changes: those that the target network has a copy of, but for running averages. */
export const trainedNumbers = (state: State): number =>
  [...state].reduce((n, [name, { shape }]) => {
    const trained = state.has(`${TARGET}.${name}`) && !/\.(mean|variance)\d*$/.test(name);
    return trained ? n + sizeOf(shape) : n;
  }, 0);
