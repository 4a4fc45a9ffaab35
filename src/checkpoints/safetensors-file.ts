/** Safetensors as tensors that are read where they are needed, and written one after the other. */
import { headerBytes, headerEnd, laidOut, parseHeader } from "../train/safetensors-header.ts";
import { bitsOf } from "./dtypes.ts";
import { byteLength, faultOf, type Entry, type LeftOut, type Weights } from "./entry.ts";
import { pieces, type Sink, type Source } from "./source.ts";

export async function safetensorsFile(source: Source): Promise<Weights> {
  const { where, size } = source;
  const end = headerEnd(await source.read(0, Math.min(9, size)), size, where);
  const { entries, metadata } = parseHeader(await source.read(0, end), size, where);
  const held: Entry[] = [];
  const leftOut: LeftOut[] = [];
  for (const { name, dtype, shape, begin, end: last } of entries) {
    const fault =
      bitsOf(dtype) === undefined ? "its type is none that is known here" : faultOf(shape);
    if (fault !== undefined) leftOut.push({ name, why: fault });
    else held.push({ name, dtype, shape, chunks: () => pieces(source, begin, last) });
  }
  return { format: "safetensors", entries: held, leftOut, metadata };
}

/** Writes a file of `entries`. */
export async function writeSafetensors(
  sink: Sink,
  entries: readonly Entry[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const planned = laidOut(
    entries.map((entry) => ({ ...entry, bits: bitsOf(entry.dtype)!, size: byteLength(entry) })),
  );
  await sink.write(headerBytes(planned, metadata));
  for (const { chunks } of planned) for await (const piece of chunks()) await sink.write(piece);
}
