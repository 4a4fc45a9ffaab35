/** `weightnorm sample`: new images of a trained generative model. */
import { basename, dirname, join, resolve } from "node:path";
import { tasks } from "../experiments/tasks.ts";
import type { Config } from "../experiments/training/config.ts";
import { evaluated, normOf } from "../experiments/training/programs.ts";
import { keyTensor, type Arm } from "../src/index.ts";
import { nodeRuntime, writeFileAtomic } from "../src/node/index.ts";
import { chosenCheckpoint, loadOurs, runOf } from "./checkpoints.ts";
import { encoded, extensionOf } from "./exhibition.ts";
import type { SampleFlags } from "./options.ts";
import { shown } from "./paths.ts";

export async function sample(path: string, flags: SampleFlags): Promise<void> {
  const { count, seed, threads, json = false } = flags;
  const file = await chosenCheckpoint(path, flags.arm);
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
      norm: normOf(task, config.arm),
      state: evaluated(config, state),
      runtime: nodeRuntime(threads === undefined ? {} : { threads }),
      onProgress: () => undefined,
    },
    { count, key: keyTensor("sample", seed) },
  );
  const folder = (await runOf(file)) ? join(dirname(file), "..") : dirname(file);
  const name = basename(file, ".safetensors");
  const prefix = resolve(flags.out ?? join(folder, `samples-${name}-${seed}`));
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
