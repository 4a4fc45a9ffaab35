/** `weightnorm play`: a trained agent plays, in the terminal and as an animation. */
import { INTERRUPTED } from "../cluster/exit-codes.ts";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { UsageError, type Raster } from "../runs/experiment.ts";
import type { Settings } from "../runs/settings.ts";
import type { Arm } from "../src/index.ts";
import { writeFileAtomic } from "../src/node/index.ts";
import {
  chosenCheckpoint,
  folderFor,
  loadOurs,
  placesFor,
  stemOf,
} from "../runs/folder/checkpoints.ts";
import { deviceFor, type DeviceName } from "./device.ts";
import { findWith, names, namesOf, ownOf } from "./experiments.ts";
import { placesOf } from "./flags.ts";
import { shown } from "./paths.ts";
import { encoded } from "./pictures.ts";
import { blocksOf, HOME, SHOW_CURSOR, HIDE_CURSOR } from "./terminal.ts";
import { nodeWorld } from "./world.ts";

export interface PlayFlags {
  readonly arm?: Arm;
  readonly seed: number;
  readonly threads?: number;
  readonly device?: DeviceName;
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly experiment?: string;
}

/** Frames that are shown: a longer game goes on unseen. */
const MOST_FRAMES = 2000;

export async function play(
  path: string,
  flags: PlayFlags & Readonly<Record<string, unknown>>,
  everyPlace: Settings,
): Promise<void> {
  const { seed, out, threads, quiet = false, json = false } = flags;
  if (out !== undefined && !out.endsWith(".gif"))
    throw new UsageError(`--out: expected the name of a GIF, got ${out}; try --out game.gif`);
  const find = findWith(await ownOf(flags.experiment));
  const file = await chosenCheckpoint(path, flags.arm, find);
  const loaded = await loadOurs(file, find, names);
  const { checkpoint, experiment, key, config } = loaded;
  if (!experiment.play)
    throw new Error(
      `${file}: expected an agent, a checkpoint of ${await namesOf((e) => e.play !== undefined)}, got one of ${experiment.name}; there is nobody to play`,
    );
  const places = await placesFor(loaded, placesOf(everyPlace, flags), find);
  const world = nodeWorld({
    places,
    progress: () => undefined,
    device: await deviceFor(flags.device),
  });
  const { state, step } = checkpoint;
  const { game, score, steps, frames, delay } = await experiment.play(
    {
      ...{ key, state, step, world },
      config: { ...config, ...(threads === undefined ? {} : { threads }) },
    },
    { seed, most: MOST_FRAMES },
  );
  const { stdout } = process;
  if (stdout.isTTY && !quiet && !json) await animate(frames, delay);
  const folder = await folderFor(file, find);
  const target = resolve(out ?? join(folder, `play-${stemOf(file)}-${seed}.gif`));
  await writeFileAtomic(target, (await encoded({ frames, delay })).bytes);
  const result = { game, arm: key.arm, trainedFrames: step, score, steps, file: target };
  stdout.write(
    json
      ? `${JSON.stringify(result)}\n`
      : `${game}, ${key.arm} after ${step} frames of training: ${score} points in ${steps} steps\n${shown(target)}\n`,
  );
}

/** Frame after frame in the same place. */
async function animate(frames: readonly Raster[], milliseconds: number): Promise<void> {
  const { stdout } = process;
  const size = { columns: stdout.columns || 80, rows: (stdout.rows || 24) - 1 };
  stdout.write(HIDE_CURSOR);
  const leave = (): never => {
    stdout.write(SHOW_CURSOR);
    process.exit(INTERRUPTED);
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
