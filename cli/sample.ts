/** `weightnorm sample`: new images of a trained generative model. */
import { dirname, join, resolve } from "node:path";
import { tasks } from "../experiments/tasks.ts";
import type { Config } from "../experiments/training/config.ts";
import { arms, averaged, type Arm } from "../src/index.ts";
import { nodeRuntime, writeFileAtomic } from "../src/node/index.ts";
import { checkpointsAt, loadOurs } from "./checkpoints.ts";
import { encoded, extensionOf } from "./exhibition.ts";
import { usageError, type SampleFlags } from "./options.ts";
import { shown } from "./paths.ts";

export async function sample(path: string, flags: SampleFlags): Promise<void> {
  const { count, seed, threads, json = false } = flags;
  const file = await chosen(path, flags.arm);
  const { checkpoint, task } = await loadOurs(file);
  if (!task.sample)
    throw new Error(
      `${file}: expected a generative model, one of ${tasks.flatMap((t) => (t.sample ? [t.name] : [])).join(", ")}, got a checkpoint of ${task.name}; there is nothing to sample from`,
    );
  const config = checkpoint.config as unknown as Config & { readonly arm: Arm };
  const { state } = checkpoint;
  const pictures = await task.sample(
    {
      ...{ config, arm: config.arm, seed: checkpoint.seed },
      norm: task.norm?.(config.arm) ?? arms[config.arm],
      state: config.average === undefined ? state : averaged(state),
      runtime: nodeRuntime(threads === undefined ? {} : { threads }),
      onProgress: () => undefined,
    },
    { count, seed },
  );
  const prefix = resolve(flags.out ?? join(dirname(file), "..", `samples-${config.arm}-${seed}`));
  const written: string[] = [];
  for (const picture of pictures) {
    const suffix = picture.name === "samples" ? "" : `-${picture.name.replaceAll(" ", "-")}`;
    const target = `${prefix.replace(/\.(png|gif)$/, "")}${suffix}.${extensionOf(picture)}`;
    await writeFileAtomic(target, await encoded(picture));
    written.push(target);
  }
  process.stdout.write(
    json ? `${JSON.stringify(written)}\n` : `${written.map(shown).join("\n")}\n`,
  );
}

/** The checkpoint at `path`, or of a run that of the arm which was asked for. */
async function chosen(path: string, arm: Arm | undefined): Promise<string> {
  const files = await checkpointsAt(path);
  const named = await Promise.all(
    files.map(async (file) => ({ file, arm: (await loadOurs(file)).checkpoint.config["arm"] })),
  );
  const found =
    named.find((c) => c.arm === (arm ?? "weight")) ?? (arm === undefined ? named[0] : undefined);
  if (found) return found.file;
  throw usageError(
    `--arm: expected one of ${[...new Set(named.map((c) => String(c.arm)))].join(", ")}, which ${path} holds, got "${String(arm)}"; choose one of these`,
  );
}
