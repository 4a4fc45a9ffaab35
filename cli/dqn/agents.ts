/** Trained agents out of checkpoints: what `play` and `eval` have in common. */
import type { DqnConfig } from "../../experiments/dqn/config.ts";
import { makerOf, type EnvironmentMaker } from "../../experiments/dqn/games.ts";
import { programsOf, type Programs } from "../../experiments/dqn/programs.ts";
import { DQN } from "../../experiments/tasks.ts";
import { checkState, type Arm, type State } from "../../src/index.ts";
import { loadCheckpoint, nodeRuntime } from "../../src/node/index.ts";

export interface Agent {
  readonly arm: Arm;
  readonly seed: number;
  /** Frames it was trained for. */
  readonly step: number;
  readonly config: DqnConfig;
  readonly state: State;
  readonly programs: Programs;
  readonly maker: EnvironmentMaker;
}

/** The agent in a checkpoint, ready to act. */
export async function loadAgent(file: string, threads: number | undefined): Promise<Agent> {
  const { state, config: saved, seed, step } = await loadCheckpoint(file);
  if (saved["experiment"] !== DQN)
    throw new Error(
      `${file}: expected a checkpoint of ${DQN}, got one of ${String(saved["experiment"])}; an agent is what compare ${DQN} trains`,
    );
  const { arm, lr, ...rest } = saved as unknown as Omit<DqnConfig, "lr"> & {
    readonly arm: Arm;
    readonly lr: number;
  };
  const config: DqnConfig = { ...rest, arms: [arm], lr: [lr], seeds: [seed] };
  const maker = makerOf(config);
  const runtime = nodeRuntime({ threads: threads ?? config.threads });
  const programs = await programsOf(config, arm, await maker(0), runtime);
  checkState(programs.all, state, file);
  return { ...{ arm, seed, step, config, state, programs, maker } };
}
