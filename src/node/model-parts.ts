/** A model and the file of its weights, side by side. */
import { dirname, join } from "node:path";
import type { ModelParts } from "../export/index.ts";
import { writeAtomically, writeFileAtomic } from "./files.ts";

/**
 * Writes what `exportParts` gives: the model at `path`, and its weights beside it if they are in a file of their own. The weights come
 * first, so that there is no model without them.
 */
export async function saveModelParts(
  path: string,
  { model, location, data }: ModelParts,
): Promise<void> {
  if (data.length > 0)
    await writeAtomically(join(dirname(path), location), async (sink) => {
      for (const piece of data) await sink.write(piece);
    });
  await writeFileAtomic(path, model);
}
