/** `weightnorm compare dqn`: from flags to trained agents and their report. */
import { rm } from "node:fs/promises";
import { freemem } from "node:os";
import { join, resolve } from "node:path";
import { optimizers, presets, type DqnConfig } from "../../experiments/dqn/config.ts";
import { familyOf, GAMES, makerOf } from "../../experiments/dqn/games.ts";
import type { Environment } from "../../experiments/dqn/environment.ts";
import { randomPlay } from "../../experiments/dqn/play.ts";
import { programsOf } from "../../experiments/dqn/programs.ts";
import { DQN } from "../../experiments/tasks.ts";
import { loadOnnxRuntime, nodeRuntime } from "../../src/node/index.ts";
import { withAdvice, withoutResult } from "../compare.ts";
import { usageError, type TrainingFlags } from "../options.ts";
import { quoted } from "../paths.ts";
import { checkUnchanged, resumed } from "../resume.ts";
import { checkVacant, createRunFolder, type RunFolder } from "../run-folder.ts";
import { checkGame } from "./agents.ts";
import { dqnRace } from "./race.ts";
import { dqnReport } from "./report/index.ts";
import { dqnResultsOf } from "./results.ts";
import { show } from "./show.ts";

/** Trains the agents that the flags ask for and reports them. */
export async function compareDqn(flags: TrainingFlags): Promise<void> {
  const asked = askedBy(flags);
  const before =
    flags.resume === undefined ? undefined : await resumed<DqnConfig>(DQN, flags.resume, flags.out);
  const { rom: _moved, ...settings } = asked; // a cartridge may have another place, if it is the same
  if (before) checkUnchanged(settings, before.run.config);
  if (before?.finished()) return report(before, flags);
  const wanted = before ? { ...before.run.config, ...asked } : complete(asked);
  if (!before && flags.out !== undefined) await checkVacant(resolve(flags.out));
  const maker = makerOf(wanted);
  const [world] = await Promise.all([maker(0), loadOnnxRuntime()]); // all is there before anything is written
  const config: DqnConfig = { plays: world.name, ...wanted };
  checkGame(config, world);
  checkMemory(config, world);
  const folder = before ?? (await start(flags, config));
  const runtime = nodeRuntime({ threads: config.threads });
  const programs = new Map(
    config.arms.map((arm) => [arm, programsOf(config, arm, world, runtime)]),
  );
  const options = { maker, programs, quiet: flags.quiet ?? false };
  const finish = async (): Promise<void> => {
    const outcome = await dqnRace(folder, options);
    if (outcome.finished.length === 0) throw outcome.lost[0].error;
    const pictures = await show(outcome.finished, folder, options);
    const random = await randomPlay(maker, config);
    await folder.finish(dqnResultsOf({ ...{ folder, outcome, world }, random, pictures }));
    await report(folder, flags);
    const missing = withoutResult(outcome);
    if (missing) throw missing;
  };
  await finish()
    .catch((error: unknown) => {
      throw withAdvice(DQN, error, folder);
    })
    .finally(() => Promise.all([...programs.values()].map((p) => p.release())));
}

/** Throws where the replay memories of all runs are more than this machine has free. */
function checkMemory({ arms, seeds, replay, frames }: DqnConfig, { shape }: Environment): void {
  const entries = arms.length * seeds.length * Math.min(replay, 2 * frames);
  const [needed, free] = [entries * shape.reduce((a, b) => a * b), freemem()].map((n) => n / 1e9);
  if (needed > free)
    throw usageError(
      `--arms: expected runs whose replay memories fit, got ${arms.length * seeds.length} that take ${needed.toFixed(1)} GB, with ${free.toFixed(1)} GB free; train fewer arms or seeds at a time`,
    );
}

async function report({ dir }: RunFolder<DqnConfig>, flags: TrainingFlags): Promise<void> {
  await rm(join(dir, "replay"), { recursive: true, force: true }); // nobody goes on from here
  await dqnReport(dir, flags);
}

type Asked = Partial<DqnConfig>;

/** The part of the configuration that flags name. */
function askedBy(flags: TrainingFlags): Asked {
  const foreign = (["epochs", "trainSize", "target", "dataDir"] as const).find(
    (name) => flags[name] !== undefined,
  );
  if (foreign)
    throw usageError(
      `--${foreign.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}: expected only for experiments with a data set, got it with dqn; leave it away (dqn has --frames)`,
    );
  const { arm, arms, seed, lr, optimizer, batchSize, threads, preset, game, rom, frames, double } =
    flags;
  if (lr !== undefined && lr.length > 1)
    throw usageError(
      `--lr: expected one learning rate for dqn, got ${lr.join(",")}; start a run for each`,
    );
  if (optimizer !== undefined && !(optimizer in optimizers))
    throw usageError(
      `--optimizer: expected one of ${Object.keys(optimizers).join(", ")} for dqn, got "${optimizer}"; try --optimizer rmsprop`,
    );
  if (game !== undefined && !GAMES.includes(game))
    throw usageError(
      `--game: expected one of ${GAMES.join(", ")}, got "${game}"; try --game breakout`,
    );
  const asked = {
    ...{ arms: arms ?? (arm === undefined ? undefined : [arm]), seeds: seed },
    ...{ lr, optimizer, batchSize, threads, preset, game, frames, double },
    ...(rom === undefined ? {} : { rom: resolve(rom), game: game ?? "rom" }),
  };
  return Object.fromEntries(Object.entries(asked).filter(([, x]) => x !== undefined));
}

/** What the run's folder says, but for what the game calls itself. */
type Wanted = Omit<DqnConfig, "plays">;

function complete(asked: Asked): Wanted {
  const game = asked.game ?? "breakout";
  if ((game === "rom") !== (asked.rom !== undefined))
    throw usageError(
      game === "rom"
        ? `--rom: expected the file of a cartridge with --game rom, got none; add --rom FILE`
        : `--rom: expected it alone or with --game rom, got --game ${game}; leave one of them away`,
    );
  const family = presets[familyOf(game)];
  const names = Object.keys(family);
  const preset = asked.preset ?? names[0];
  if (!names.includes(preset))
    throw usageError(
      `--preset: expected ${names.join(" or ")} for dqn, got "${preset}"; try --preset ${names[0]}`,
    );
  return shortened({
    ...family[preset],
    ...{ arms: ["plain", "weight"], seeds: [1] },
    ...asked,
    ...{ game, preset },
  });
}

/** A short run starts to learn earlier and explores for a shorter time, or it would show nothing. */
function shortened(config: Wanted): Wanted {
  const { frames, learnFrom, exploration } = config;
  const short: Wanted = {
    ...config,
    learnFrom: Math.min(learnFrom, Math.max(LEAST_RANDOM, Math.floor(frames / 10))),
    exploration: { ...exploration, frames: Math.min(exploration.frames, Math.floor(frames / 3)) },
  };
  if (frames > short.learnFrom) return short;
  throw usageError(
    `--frames: expected more than the ${short.learnFrom} frames of random play at the start, got ${frames}; try --frames 20000`,
  );
}
const LEAST_RANDOM = 100;

function start(flags: TrainingFlags, config: DqnConfig): Promise<RunFolder<DqnConfig>> {
  const startedAt = new Date().toISOString();
  const out = flags.out ?? `runs/dqn-${config.game}-${startedAt.slice(0, 19).replaceAll(":", "-")}`;
  const command = ["weightnorm", ...process.argv.slice(2).map(quoted)].join(" ");
  return createRunFolder(resolve(out), { experiment: DQN, config, command, startedAt });
}
