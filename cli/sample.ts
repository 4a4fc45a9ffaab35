/** `weightnorm sample`: new images of a trained generative model. */
import { basename, dirname, join, resolve } from "node:path";
import { tasks } from "../experiments/tasks.ts";
import { ratesOf, type Config } from "../experiments/training/config.ts";
import { evaluated, normOf } from "../experiments/training/programs.ts";
import { keyTensor, type Arm } from "../src/index.ts";
import { nodeRuntime, writeFileAtomic } from "../src/node/index.ts";
import { checkpointsAt, loadOurs, runOf } from "./checkpoints.ts";
import { encoded, extensionOf } from "./exhibition.ts";
import { usageError, type SampleFlags } from "./options.ts";
import { shown } from "./paths.ts";
import { readConfig, readResults, runName } from "./run-folder.ts";

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

/** The checkpoint at `path`, or of a run that of the arm which was asked for, at its best learning rate and first seed. */
async function chosen(path: string, arm: Arm | undefined): Promise<string> {
  const files = await checkpointsAt(path);
  if (files[0] === path) return path;
  const { config } = await readConfig(path);
  const wanted = arm ?? (config.arms.includes("weight") ? "weight" : config.arms[0]);
  if (!config.arms.includes(wanted))
    throw usageError(
      `--arm: expected one of ${config.arms.join(", ")}, which ${path} holds, got "${wanted}"; choose one of these`,
    );
  const best = await readResults(path).then(
    ({ arms: results }) => results[wanted]?.lr,
    () => undefined, // not finished yet
  );
  const lr = best ?? ratesOf(config, wanted)[0];
  return join(
    path,
    "checkpoints",
    `${runName(config, { arm: wanted, seed: config.seeds[0], lr })}.safetensors`,
  );
}
