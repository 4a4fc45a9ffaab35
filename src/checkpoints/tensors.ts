/** Entries as tensors in memory, as networks have them. */
import type { Tensor } from "../runtime/program.ts";
import type { Safetensors } from "../train/safetensors.ts";
import { codeByName } from "../train/safetensors-types.ts";
import { bytesOf, type Entry } from "./entry.ts";

/** The tensors of `entries`, e.g. for `fromTorch(tensors)`: narrower floats become float32, other integers int32; what cannot be held is among `skipped`. */
export async function tensorsOf(
  entries: readonly Entry[],
): Promise<Pick<Safetensors, "tensors" | "skipped">> {
  const tensors = new Map<string, Tensor>();
  const skipped: Safetensors["skipped"][number][] = [];
  for (const entry of entries) {
    const { name, dtype, shape } = entry;
    const bytes = await bytesOf(entry);
    const held = codeByName.get(dtype)?.read?.(bytes.buffer as ArrayBuffer, name);
    if (typeof held === "object") tensors.set(name, { ...held, shape });
    else skipped.push({ name, dtype, shape, why: held ?? "there is no such type here" });
  }
  return { tensors, skipped };
}
