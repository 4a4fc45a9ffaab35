/** Deep Q-learning: learning steps in turn with PyTorch's, and how fast MinAtar's games are. */
import { games, minAtar } from "../experiments/dqn/minatar/index.ts";
import { hash, keyOf } from "../src/index.ts";
import type { Arm } from "../runs/records.ts";
import { optimizers } from "../experiments/dqn/config.ts";
import { networks, type NetworkName } from "../experiments/dqn/networks.ts";
import { learnStep } from "../experiments/dqn/q-learning.ts";
import type { Subject } from "./subjects.ts";
import { startPeer } from "./peer.ts";
import {
  announced,
  conditions,
  raceArms,
  spread,
  type ArmBench,
  type BenchOptions,
  type Conditions,
  type Spread,
} from "./race.ts";

export interface DqnBench extends Conditions {
  readonly bench: "dqn";
  readonly models: readonly {
    readonly name: string;
    readonly threads: number;
    readonly arms: readonly ArmBench[];
  }[];
  readonly environments: readonly { readonly name: string; readonly stepsPerSecond: Spread }[];
}

const ACTIONS = 6;
/** Learning from transitions; it has no width. */
const agent = (variant: NetworkName, side: number, most: number): Subject => ({
  peer: "dqn.py",
  variant,
  choices: ACTIONS,
  step: (batch, _width, norm) =>
    learnStep(batch, {
      network: networks[variant](ACTIONS),
      ...{ norm, most, shape: [4, side, side], gamma: 0.99, double: false },
      optimizer: optimizers.rmsprop(2.5e-4),
    }),
});
const minatar = agent("minatar", 10, 1);
const nature = agent("nature", 84, 255);

const BATCH = 32;
const ARMS: readonly Arm[] = ["plain", "weight"];

/** Networks with the threads that they are raced on: ours for MinAtar is small enough to be fastest on one. */
const modelsOn = (
  threads: number,
): readonly {
  readonly name: string;
  readonly subject: Subject;
  readonly threads: number;
}[] => [
  { name: "MinAtar's network", subject: minatar, threads: 1 },
  ...(threads > 1 ? [{ name: "MinAtar's network", subject: minatar, threads }] : []),
  { name: "Nature's network", subject: nature, threads },
];

export async function benchDqn(options: BenchOptions): Promise<DqnBench> {
  const { threads, rounds, steps, say } = options;
  const environments = games.map(({ name }) => ({ name, stepsPerSecond: pace(name, rounds) }));
  const peer = await startPeer("dqn.py");
  say(announced(peer, threads, BATCH));
  const models = [];
  for (const model of modelsOn(threads)) {
    say(`${model.name}, threads: ${model.threads}`);
    const race = {
      subject: model.subject,
      arms: ARMS,
      peerArms: ARMS,
      batch: BATCH,
      width: 1,
    };
    const arms = await raceArms(peer, { ...race, ...options, threads: model.threads });
    models.push({ name: model.name, threads: model.threads, arms });
  }
  return {
    bench: "dqn",
    ...conditions(peer, BATCH, { threads, rounds, steps }),
    models,
    environments,
  };
}

const STEPS = 100_000;

/** Steps a second of a game played at random, looking after every step, as an agent does. */
function pace(name: string, rounds: number): Spread {
  const game = minAtar(name, { seed: 1 });
  const frame = game.observe();
  return spread(
    Array.from({ length: rounds }, (_, round) => {
      const key = keyOf("bench", round);
      const began = performance.now();
      for (let i = 0; i < STEPS; i++) {
        const { ended, truncated } = game.step(hash(i, key) % game.actions.length);
        if (ended || truncated) game.reset();
        game.observe(frame);
      }
      return (1000 * STEPS) / (performance.now() - began);
    }),
  );
}
