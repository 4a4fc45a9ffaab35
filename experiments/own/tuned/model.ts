/** A trained model with a head of the user's own in place of its last layer. */
import {
  dense,
  headOf,
  importModel,
  ops,
  type ImportedModel,
  type Layer,
  type Node,
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
  const files = await world.door.at(world.places["model"]);
  const where = files.where("");
  const bytes = await files.read(files.names[0]);
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
  if (imported.ports.length !== 1)
    throw new UsageError(
      `${where}: expected a model with one input up to "${word(cut.at)}", got ${imported.ports.length} (${imported.ports.map((port) => word(port.name)).join(", ") || "none"}); name another place with --at`,
    );
  if (!began && "before" in cut)
    world.say?.(
      `${where}: cut before ${cut.before}, at ${word(cut.at)} (--at names another place)`,
    );
  return { imported, where, found: { name: nameOf(where), sha256: sum, at: cut.at } };
}

/** What the model makes of examples, as [batch, features], and a dense layer on it that is initialized by the data. */
export function withHead({ imported }: Opened, outputs: number, { head }: TunedConfig): Layer {
  if (head !== undefined && head !== outputs)
    throw new UsageError(
      `--head: expected as many as the data have, ${outputs}, got ${head}; leave --head away or check the data`,
    );
  const layer = dense(outputs, { name: HEAD });
  return (scope, x) => layer(scope, flat(imported.layer(scope, x)));
}

/** One vector an example: the mean over positions of an image, or of a sequence [batch, time, features]. */
function flat(x: Node): Node {
  const { length: rank } = x.shape;
  if (rank === 2) return x;
  if (rank < 2)
    throw new UsageError(
      `--at: expected a value with features for every example, got [${x.shape}]; name another value of the graph`,
    );
  return ops.mean(x, {
    axes: rank === 3 ? [1] : x.shape.flatMap((_, axis) => (axis > 1 ? [axis] : [])),
  });
}
