/** Trained agents out of checkpoints: what `play` and `eval` have in common. */
import { resolve } from "node:path";
import type { DqnConfig } from "../../experiments/dqn/config.ts";
import type { Environment } from "../../experiments/dqn/environment.ts";
import { makerOf, type EnvironmentMaker } from "../../experiments/dqn/games.ts";
import { programsOf, type Programs } from "../../experiments/dqn/programs.ts";
import { DQN } from "../../experiments/tasks.ts";
import { checkState, type Arm, type State } from "../../src/index.ts";
import { loadCheckpoint, nodeRuntime } from "../../src/node/index.ts";

/** Throws where a cartridge holds another game than the run began with. */
export function checkGame({ rom, plays }: DqnConfig, { name }: Pick<Environment, "name">): void {
  if (name !== plays)
    throw new Error(
      `${rom ?? name}: the run began with the game ${plays}, got ${name}; give the right cartridge with --rom`,
    );
}

export interface Agent {
  readonly arm: Arm;
  readonly seed: number;
  /** What its game is called. */
  readonly name: string;
  /** Frames it was trained for. */
  readonly step: number;
  readonly config: DqnConfig;
  readonly state: State;
  readonly programs: Programs;
  readonly maker: EnvironmentMaker;
}

export interface AgentFlags {
  readonly threads?: number;
  /** Where the cartridge is now, if not where it was. */
  readonly rom?: string;
}

/** The agent in a checkpoint, ready to act. */
export async function loadAgent(file: string, { threads, rom }: AgentFlags): Promise<Agent> {
  const { state, config: saved, seed, step } = await loadCheckpoint(file);
  if (saved["experiment"] !== DQN)
    throw new Error(
      `${file}: expected a checkpoint of ${DQN}, got one of ${String(saved["experiment"])}; an agent is what compare ${DQN} trains`,
    );
  const { arm, lr, ...rest } = saved as unknown as Omit<DqnConfig, "lr"> & {
    readonly arm: Arm;
    readonly lr: number;
  };
  const moved = rom === undefined ? {} : { rom: resolve(rom) };
  const config: DqnConfig = { ...rest, ...moved, arms: [arm], lr: [lr], seeds: [seed] };
  const maker = makerOf(config);
  const world = await maker(0);
  checkGame(config, world);
  const runtime = nodeRuntime({ threads: threads ?? config.threads });
  const programs = programsOf(config, arm, world, runtime);
  checkState(programs.all, state, file);
  return { ...{ arm, seed, step, config, state, programs, maker, name: world.name } };
}
