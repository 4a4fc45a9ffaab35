/** `weightnorm sample`: new examples of a trained generative model. */
import { join, resolve } from "node:path";
import type { Arm } from "../src/index.ts";
import { writeFileAtomic } from "../src/node/index.ts";
import { chosenCheckpoint, folderFor, loadOurs, stemOf } from "../runs/folder/checkpoints.ts";
import { deviceFor, type DeviceName } from "./device.ts";
import { findWith, names, namesOf, ownOf } from "./experiments.ts";
import { shown } from "./paths.ts";
import { encoded } from "./pictures.ts";
import { nodeWorld } from "./world.ts";

export interface SampleFlags {
  readonly arm?: Arm;
  readonly count: number;
  readonly seed: number;
  readonly threads?: number;
  readonly device?: DeviceName;
  readonly out?: string;
  readonly json?: boolean;
  readonly experiment?: string;
}

export async function sample(path: string, flags: SampleFlags): Promise<void> {
  const { count, seed, threads, json = false } = flags;
  const find = findWith(await ownOf(flags.experiment));
  const file = await chosenCheckpoint(path, flags.arm, find);
  const { checkpoint, experiment, key, config } = await loadOurs(file, find, names);
  if (!experiment.sample)
    throw new Error(
      `${file}: expected a generative model, one of ${await namesOf((e) => e.sample !== undefined)}, got a checkpoint of ${experiment.name}; there is nothing to sample from`,
    );
  const world = nodeWorld({
    places: {},
    progress: () => undefined,
    device: await deviceFor(flags.device),
  });
  const { state, step } = checkpoint;
  const pictures = await experiment.sample(
    {
      ...{ key, state, step, world },
      config: { ...config, ...(threads === undefined ? {} : { threads }) },
    },
    { count, seed },
  );
  const folder = await folderFor(file, find);
  const prefix = resolve(flags.out ?? join(folder, `samples-${stemOf(file)}-${seed}`));
  const written: string[] = [];
  for (const picture of pictures) {
    const suffix = picture.name === "samples" ? "" : `-${picture.name.replaceAll(" ", "-")}`;
    const { bytes, extension } = await encoded(picture);
    const target = `${prefix.replace(/\.(png|gif)$/, "")}${suffix}.${extension}`;
    await writeFileAtomic(target, bytes);
    written.push(target);
  }
  process.stdout.write(
    json ? `${JSON.stringify(written)}\n` : `${written.map(shown).join("\n")}\n`,
  );
}
