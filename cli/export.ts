/** `weightnorm export`: a trained model as an .onnx file of its own, which any runtime can use. */
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { count } from "../report/words.ts";
import { UsageError } from "../runs/experiment.ts";
import { aboutFile, tried } from "../runs/exporting.ts";
import { exportParts, type Arm, type Node } from "../src/index.ts";
import { nodeRuntime, saveModelParts } from "../src/node/index.ts";
import {
  chosenCheckpoint,
  folderFor,
  loadOurs,
  placesFor,
  stemOf,
} from "../runs/folder/checkpoints.ts";
import { deviceFor, type DeviceName } from "./device.ts";
import { display } from "./display.ts";
import { findWith, names, namesOf, ownOf } from "./experiments.ts";
import { manifest } from "./manifest.ts";
import { shown } from "./paths.ts";
import { nodeWorld } from "./world.ts";

export interface ExportFlags {
  readonly out?: string;
  readonly arm?: Arm;
  /** Undefined for any number of examples. */
  readonly batch?: number;
  readonly dynamicBatch?: boolean;
  readonly opset?: number;
  readonly half?: boolean;
  readonly model?: string;
  /** For the network that the file is tried against. */
  readonly device?: DeviceName;
  readonly experiment?: string;
  readonly json?: boolean;
}

/** Examples that the file is tried on. */
const TRIED = 3;

export async function exported(path: string, flags: ExportFlags): Promise<void> {
  const { batch, opset, half = false, json = false } = flags;
  if (batch !== undefined && flags.dynamicBatch)
    throw new UsageError(
      `--batch: expected a number of examples or any number of them, got both --batch ${batch} and --dynamic-batch; leave one away`,
    );
  const find = findWith(await ownOf(flags.experiment));
  const file = await chosenCheckpoint(path, flags.arm, find);
  const loaded = await loadOurs(file, find, names);
  const { experiment, checkpoint, key, config } = loaded;
  if (!experiment.exported)
    throw new Error(
      `${file}: expected a model that answers examples, a checkpoint of ${await namesOf((e) => e.exported !== undefined)}, got one of ${experiment.name}; train on a table or a folder of pictures`,
    );
  const { progress, stop } = display({ quiet: json });
  const given = flags.model === undefined ? {} : { model: resolve(flags.model) };
  const device = await deviceFor(flags.device);
  const world = nodeWorld({ places: await placesFor(loaded, given, find), progress, device });
  const { state, step } = checkpoint;
  const made = await experiment.exported({ key, state, step, world, config }).finally(stop);
  const outputs = (size: number): Readonly<Record<string, Node>> => made.outputs(size);
  const target = resolve(flags.out ?? join(await folderFor(file, find), `${stemOf(file)}.onnx`));
  const parts = exportParts(batch === undefined ? outputs : outputs(batch), made.state, {
    location: `${target.split(/[/\\]/).at(-1)!}.data`,
    ...aboutFile(made, { experiment, arm: key.arm }),
    producerVersion: manifest().version,
    half,
    ...(opset === undefined ? {} : { opset }),
  });
  const found =
    parts.data.length > 0
      ? undefined
      : await tried(parts.model, made, {
          ...{ count: batch ?? TRIED, half, runtime: nodeRuntime() },
          against: device.runtime(availableParallelism()),
        });
  await saveModelParts(target, parts);
  const result = {
    ...{ file: target, bytes: parts.model.length, batch: batch ?? "any", ...found },
  };
  const text = `${shown(target)}: ${(result.bytes / 1e6).toFixed(1)} MB, ${batch === undefined ? "any number of examples" : count(batch, "example")}; ${found ? `on random ones its answers are within ${found.difference.toPrecision(2)} of the network's` : `not tried: its weights are in ${parts.location}`}`;
  process.stdout.write(`${json ? JSON.stringify(result) : text}\n`);
}
