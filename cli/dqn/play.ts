/** `weightnorm play`: a trained agent plays, in the terminal and as an animation. */
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Raster } from "../../experiments/training/task.ts";
import { writeFileAtomic } from "../../src/node/index.ts";
import { chosenCheckpoint, runOf } from "../checkpoints.ts";
import { animation } from "../exhibition.ts";
import { usageError, type PlayFlags } from "../options.ts";
import { shown } from "../paths.ts";
import { loadAgent } from "./agents.ts";
import { delayOf, game } from "./show.ts";
import { blocksOf, HOME, SHOW_CURSOR, HIDE_CURSOR } from "./terminal.ts";

/** Frames that are shown: a longer game goes on unseen. */
const MOST_FRAMES = 2000;

export async function play(path: string, flags: PlayFlags): Promise<void> {
  if (flags.out !== undefined && !flags.out.endsWith(".gif"))
    throw usageError(`--out: expected the name of a GIF, got ${flags.out}; try --out game.gif`);
  const { seed, out, quiet = false, json = false } = flags;
  const file = await chosenCheckpoint(path, flags.arm);
  const agent = await loadAgent(file, flags);
  const { arm, config, name, step } = agent;
  const { frames, score, steps } = await game({ ...agent, seed }, MOST_FRAMES);
  await agent.programs.release();

  const { stdout } = process;
  if (stdout.isTTY && !quiet && !json) await animate(frames, delayOf(config));
  const folder = (await runOf(file)) ? join(dirname(file), "..") : dirname(file);
  const target = resolve(out ?? join(folder, `play-${basename(file, ".safetensors")}-${seed}.gif`));
  await writeFileAtomic(target, await animation(frames, delayOf(config)));
  const result = { game: name, arm, trainedFrames: step, score, steps, file: target };
  stdout.write(
    json
      ? `${JSON.stringify(result)}\n`
      : `${name}, ${arm} after ${step} frames of training: ${score} points in ${steps} steps\n${shown(target)}\n`,
  );
}

/** Frame after frame in the same place. */
async function animate(frames: readonly Raster[], milliseconds: number): Promise<void> {
  const { stdout } = process;
  const size = { columns: stdout.columns || 80, rows: (stdout.rows || 24) - 1 };
  stdout.write(HIDE_CURSOR);
  const leave = (): never => {
    stdout.write(SHOW_CURSOR);
    process.exit(130);
  };
  process.once("SIGINT", leave).once("SIGTERM", leave);
  try {
    for (const frame of frames) {
      const lines = blocksOf(frame, size);
      stdout.write(`${lines.join("\n")}\n${HOME(lines.length)}`);
      await pause(milliseconds);
    }
    stdout.write("\n".repeat(blocksOf(frames[0], size).length));
  } finally {
    process.off("SIGINT", leave).off("SIGTERM", leave);
    stdout.write(SHOW_CURSOR);
  }
}
