/** A trained model with a head of the user's own in place of its last layer. */
import {
  arms,
  dense,
  hasChannelsFirst,
  headOf,
  importModel,
  input,
  ops,
  trace,
  type ImportedModel,
  type Layer,
  type Node,
  type Shape,
} from "../../../src/index.ts";
import { UsageError, type World } from "../../../runs/experiment.ts";
import { word } from "../../../src/train/json.ts";
import { nameOf, sha256 } from "../source.ts";
import type { ModelFound } from "./found.ts";
import { frozenBy, HEAD, type TunedConfig } from "./settings.ts";

export interface Opened {
  readonly imported: ImportedModel;
  readonly found: ModelFound;
  /** What messages call the file. */
  readonly where: string;
  /** Whether the head's place has channels on axis 1, and positions behind them. */
  readonly channelsFirst: boolean;
}

/** The model that the run is about, cut where its head goes; the one that it began with, where it did. */
export async function openModel(
  config: TunedConfig,
  began: ModelFound | undefined,
  world: World,
): Promise<Opened> {
  if (!("model" in world.places))
    throw new UsageError(
      "finetune: expected the file of a model, got none; name it, as in weightnorm finetune model.onnx --data ./photos",
    );
  const { bytes, where } = await readModel(world.places["model"], began, world);
  const sum = await sha256(bytes);
  if (began && began.sha256 !== sum)
    throw new UsageError(
      `${where}: expected the model that the run began with (sha256 ${began.sha256.slice(0, 8)}...), got another (${sum.slice(0, 8)}...); put that back or say where it is with --model`,
    );
  const cut = began ?? (config.at === undefined ? headOf(bytes, where) : { at: config.at });
  const freeze = frozenBy(config);
  const imported = importModel(bytes, {
    ...{ where, outputs: [cut.at] },
    ...(freeze ? { freeze } : {}),
  });
  if (config.freeze !== undefined && !config.headOnly) {
    const all = importModel(bytes, { where, outputs: [cut.at] }).original;
    if (all.size === imported.original.size)
      throw new UsageError(
        `--freeze: expected a pattern of names that the model has, got "${config.freeze}", which none of ${[...all.keys()].slice(0, 5).map(word).join(", ")}, ... matches; weightnorm inspect lists them`,
      );
  }
  if (imported.ports.length !== 1)
    throw new UsageError(
      `${where}: expected a model with one input up to "${word(cut.at)}", got ${imported.ports.length} (${imported.ports.map((port) => word(port.name)).join(", ") || "none"}); name another place with --at`,
    );
  if (!began && "before" in cut)
    world.say?.(
      `${where}: cut before ${cut.before}, at ${word(cut.at)} (--at names another place)`,
    );
  const channelsFirst = hasChannelsFirst(bytes, cut.at);
  return {
    imported,
    where,
    channelsFirst,
    found: { name: nameOf(where), sha256: sum, at: cut.at },
  };
}

async function readModel(
  place: string,
  began: ModelFound | undefined,
  { door }: World,
): Promise<{ readonly bytes: Uint8Array; readonly where: string }> {
  try {
    const files = await door.at(place);
    return { where: files.where(""), bytes: await files.read(files.names[0]) };
  } catch (cause) {
    if (!began) throw cause;
    throw new Error(
      `${(cause as Error).message}; ${word(began.name)}, which was fine-tuned, is needed: say where it is with --model`,
      { cause },
    );
  }
}

/** Throws for examples of this shape that do not go through the model: before anything is trained, or written. */
export function checkFits(layer: Layer, shape: Shape, advice: string): void {
  try {
    trace((scope) => layer(scope, input("x", [2, ...shape])), { mode: "eval", norm: arms.plain });
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`${(cause as Error).message}. ${advice}`, { cause });
  }
}

/** What the model makes of examples, as [batch, features], and a dense layer on it that is initialized by the data. */
export function withHead(
  { imported, channelsFirst }: Opened,
  outputs: number,
  { head }: TunedConfig,
): Layer {
  if (head !== undefined && head !== outputs)
    throw new UsageError(
      `--head: expected as many as the data have, ${outputs}, got ${head}; leave --head away or check the data`,
    );
  const layer = dense(outputs, { name: HEAD });
  return (scope, x) => layer(scope, flat(imported.layer(scope, x), channelsFirst));
}

/** One vector an example: the mean over positions of an image, or of a sequence [batch, time, features] unless channels come first. */
function flat(x: Node, channelsFirst: boolean): Node {
  const { length: rank } = x.shape;
  if (rank === 2) return x;
  if (rank < 2)
    throw new UsageError(
      `--at: expected a value with features for every example, got [${x.shape}]; name another value of the graph`,
    );
  return ops.mean(x, {
    axes:
      rank === 3 && !channelsFirst ? [1] : x.shape.flatMap((_, axis) => (axis > 1 ? [axis] : [])),
  });
}
