/** `weightnorm eval` of agents: what checkpoints get in episodes without learning. */
import { episodes, greedy, scoreOf, type Score } from "../../experiments/dqn/play.ts";
import { preparationDisplay } from "../progress.ts";
import { textTable } from "../text-table.ts";
import { loadAgent, type AgentFlags } from "./agents.ts";

interface Flags extends AgentFlags {
  readonly json?: boolean;
}

export async function evaluateAgents(files: readonly string[], flags: Flags): Promise<void> {
  const { json = false } = flags;
  const display = preparationDisplay(json);
  const rows: (Score & {
    readonly file: string;
    readonly arm: string;
    readonly seed: number;
    readonly step: number;
  })[] = [];
  try {
    for (const [i, file] of files.entries()) {
      display.show("playing", i / files.length);
      const { arm, seed, step, config, state, programs, maker } = await loadAgent(file, flags);
      const { history, test } = config;
      const policy = greedy(programs, state);
      const played = await episodes(maker, test.episodes, policy, {
        history,
        epsilon: test.epsilon,
        seed,
      });
      await programs.release();
      rows.push({ ...{ file, arm, seed, step }, ...scoreOf(played) });
    }
  } finally {
    display.stop();
  }
  const table = (): string =>
    textTable(
      ["arm", "seed", "frames", "test return", "standard error", "steps an episode"],
      rows.map((r) => [
        ...[r.arm, String(r.seed), String(r.step)],
        ...[r.mean.toFixed(2), r.error.toFixed(2), r.steps.toFixed(0)],
      ]),
    );
  process.stdout.write(
    json ? `${JSON.stringify(rows)}\n` : `${table()}\n${rows[0].episodes} episodes each\n`,
  );
}
