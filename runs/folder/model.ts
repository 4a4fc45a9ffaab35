/** Models in files. */
import { readBytes, writeFileAtomic } from "../../src/node/index.ts";
import { decodeModel, encodeModel, type LoadOptions } from "../fit/model-file.ts";
import type { Model } from "../fit/model.ts";

/** Replaces the file at `path`, atomically. */
export const saveModel = (path: string, model: Model): Promise<void> =>
  writeFileAtomic(path, encodeModel(model));

/** The model at `path`, for the network that it was trained with. */
export const loadModel = async (path: string, options: LoadOptions): Promise<Model> =>
  decodeModel(await readBytes(path), { where: path, ...options });
