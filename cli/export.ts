/** `weightnorm export`: a trained model as an .onnx file of its own, which any runtime can use. */
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { UsageError, type Exported } from "../runs/experiment.ts";
import {
  exportParts,
  hash,
  keyOf,
  largestDifference,
  sizeOf,
  tensor,
  topological,
  type Arm,
  type Input,
  type Node,
  type Tensor,
} from "../src/index.ts";
import { nodeRuntime, saveModelParts } from "../src/node/index.ts";
import {
  chosenCheckpoint,
  folderFor,
  loadOurs,
  placesFor,
  stemOf,
} from "../runs/folder/checkpoints.ts";
import { deviceFor, type Device, type DeviceName } from "./device.ts";
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

/** How far answers may be from those of the network, as a share of the largest or of 1: float32 rounds, and half precision rounds weights. */
const [SAME, HALF] = [1e-3, 0.1];
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
    metadata: { ...made.metadata, arm: key.arm },
    names: made.original,
    producerVersion: manifest().version,
    ...{ graphName: experiment.name, half },
    ...(opset === undefined ? {} : { opset }),
  });
  const found =
    parts.data.length > 0
      ? undefined
      : await tried(parts.model, made, { count: batch ?? TRIED, device });
  if (found && !(found.difference <= (half ? HALF : SAME) * Math.max(1, found.largest)))
    throw new Error(
      `export: expected a file that answers as the network does, got answers that are ${found.difference} away from its ${found.largest}; ${half ? "leave --half away" : "report it, with the model"}`,
    );
  await saveModelParts(target, parts);
  const result = {
    ...{ file: target, bytes: parts.model.length, batch: batch ?? "any", ...found },
  };
  const text = `${shown(target)}: ${(result.bytes / 1e6).toFixed(1)} MB, ${batch === undefined ? "any number of examples" : `${batch} example${batch === 1 ? "" : "s"}`}; ${found ? `on random ones its answers are within ${found.difference.toPrecision(2)} of the network's` : `not tried: its weights are in ${parts.location}`}`;
  process.stdout.write(`${json ? JSON.stringify(result) : text}\n`);
}

/** How far the file's answers are from those of the network. */
async function tried(
  model: Uint8Array,
  { outputs, state }: Exported,
  { count, device }: { readonly count: number; readonly device: Device },
): Promise<{ readonly difference: number; readonly largest: number }> {
  const network = outputs(count);
  const inputs = topological(Object.values(network)).filter((n): n is Input => n.op === "input");
  const feeds = Object.fromEntries(inputs.map((x) => [x.attrs.name, randomly(x)]));
  const found = await largestDifference(model, network, {
    ...{ runtime: nodeRuntime(), feeds, state },
    against: device.runtime(availableParallelism()),
  });
  const all = [...found.values()];
  return {
    difference: Math.max(...all.map((x) => x.difference)),
    largest: Math.max(...all.map((x) => x.largest)),
  };
}

function randomly({ attrs, shape, dtype }: Input): Tensor {
  const key = keyOf("export", attrs.name);
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => hash(i, key) / 2 ** 31 - 1);
  return tensor(dtype === "float" ? values : Int32Array.from(values), shape, dtype);
}
