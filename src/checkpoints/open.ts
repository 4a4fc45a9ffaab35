/** A checkpoint in whatever format it is, which its first bytes tell, whatever it is called. */
import { brief, isRecord, parseRecord, word } from "../train/json.ts";
import type { Entry, LeftOut, Weights } from "./entry.ts";
import { isNpy, npyEntry, type NpyFile } from "./npy.ts";
import { onnxWeights, type Beside } from "./onnx-weights.ts";
import { safetensorsFile } from "./safetensors-file.ts";
import { pieces, type Source } from "./source.ts";
import { isOlderForm, olderTorch, torchArchive } from "./torch-file.ts";
import { zipFiles, type ZipFile } from "./zip.ts";

export type { Beside } from "./onnx-weights.ts";

/** Bytes of an index, some hundred a tensor. */
const MOST_INDEX = 2 ** 26;
const MOST_SHARDS = 10_000;

/** What the checkpoint holds. `beside` gives the files that it names beside it: shards, and the weights of a large model. */
export async function openWeights(source: Source, beside: Beside): Promise<Weights> {
  const start = await source.read(0, Math.min(16, source.size));
  if (start[0] === 0x7b && !isSafetensors(start)) return shards(source, beside);
  return oneFile(source, start, beside);
}

async function oneFile(source: Source, start: Uint8Array, beside: Beside): Promise<Weights> {
  if (isSafetensors(start)) return safetensorsFile(source);
  const text = String.fromCharCode(...start.subarray(0, 4));
  if (/^PK(\x03\x04|\x05\x06)/.test(text)) return archive(source);
  if (isOlderForm(start)) return olderTorch(source);
  if (isNpy(start)) return oneArray(source);
  if (start[0] === 0x08) return onnxWeights(source, beside);
  if (start[0] === 0x80)
    throw new Error(
      `${source.where}: expected a checkpoint, got a pickle that torch.save did not write; load it where it was made and save its tensors`,
    );
  return safetensorsFile(source);
}

/** A length of eight bytes, which may look like anything in the first, and a header in JSON. */
const isSafetensors = (start: Uint8Array): boolean =>
  start[8] === 0x7b && start[5] + start[6] + start[7] === 0;

async function archive(source: Source): Promise<Weights> {
  const files = await zipFiles(source);
  const names = [...files.keys()];
  const pickles = names.filter((name) => /^[^/]*\/?data\.pkl$/.test(name));
  if (pickles.length === 1) return torchArchive(source, files, pickles[0]);
  if (names.length > 0 && names.every((name) => name.endsWith(".npy")))
    return arrays(source, [...files.values()]);
  throw new Error(
    `${source.where}: expected an archive of PyTorch's or NumPy's, got one of ${names.slice(0, 3).map(word).join(", ") || "nothing"}; check the path`,
  );
}

async function arrays({ where }: Source, files: readonly ZipFile[]): Promise<Weights> {
  const all = files.map((file): NpyFile => ({
    ...file,
    where: `${where}: ${word(file.name)}`,
    name: file.name.slice(0, -".npy".length),
  }));
  return ofNumpy(await inTurn(all, npyEntry));
}
const oneArray = async (source: Source): Promise<Weights> => {
  const { where, size } = source;
  return ofNumpy([await npyEntry({ name: "arr_0", where, size, chunks: () => pieces(source) })]);
};
const ofNumpy = (found: readonly (Entry | LeftOut)[]): Weights => ({
  format: "NumPy",
  entries: found.filter((x): x is Entry => "chunks" in x),
  leftOut: found.filter((x): x is LeftOut => "why" in x),
  metadata: {},
});

/** The files that an index names, as one. */
async function shards(source: Source, beside: Beside): Promise<Weights> {
  const { where, size } = source;
  if (size > MOST_INDEX)
    throw new Error(
      `${where}: expected an index of at most ${MOST_INDEX} bytes, got ${size}; give the right file`,
    );
  const text = new TextDecoder().decode(await source.read(0, size));
  const { weight_map: map } = parseRecord(text, where, "give a checkpoint or its index");
  const places = isRecord(map) ? Object.entries(map) : [];
  if (places.length === 0 || !places.every((x): x is [string, string] => typeof x[1] === "string"))
    throw new Error(
      `${where}: expected a weight_map of names and files, got ${brief(map)}; give the index`,
    );
  const names = [...new Set(places.map(([, file]) => file))];
  if (names.length > MOST_SHARDS)
    throw new Error(
      `${where}: expected at most ${MOST_SHARDS} files, got ${names.length}; check it`,
    );
  const found = await inTurn(names, async (name) => {
    const file = await beside(name);
    const start = await file.read(0, Math.min(16, file.size));
    return [name, await oneFile(file, start, beside)] as const;
  });
  const byFile = new Map(
    found.map(([name, { entries }]) => [name, new Map(entries.map((x) => [x.name, x]))]),
  );
  const entries = places.map(([name, file]) => {
    const entry = byFile.get(file)?.get(name);
    if (entry) return entry;
    throw new Error(
      `${where}: expected ${brief(name)} in ${word(file)}, got a file without it; download both again`,
    );
  });
  const named = new Set(entries);
  const others = found.flatMap(([file, weights]) => [
    ...weights.leftOut,
    ...weights.entries
      .filter((x) => !named.has(x))
      .map(({ name }) => ({ name, why: `the index does not name it in ${word(file)}` })),
  ]);
  const [[, first]] = found;
  return {
    ...{ format: `${first.format} in ${names.length} files`, entries, leftOut: others },
    metadata: first.metadata,
  };
}

/** One after the other, as memory wants it. */
async function inTurn<X, Y>(list: readonly X[], act: (x: X) => Promise<Y>): Promise<readonly Y[]> {
  const done: Y[] = [];
  for (const x of list) done.push(await act(x));
  return done;
}
