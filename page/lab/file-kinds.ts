/** What is to be done with files of the user's own, by their names. */
import type { Dropped } from "../worker/protocol.ts";

/** What files are, by their names. */
export type Kind = "checkpoint" | "model" | "table" | "pictures" | "other";

export function kindOf(files: readonly Pick<Dropped, "path">[]): Kind {
  const ends = (pattern: RegExp): boolean => files.some(({ path }) => pattern.test(path));
  if (ends(/\.safetensors$/i)) return "checkpoint";
  if (ends(/\.onnx$/i)) return "model";
  if (files.length === 1 && ends(/\.[ct]sv$/i)) return "table";
  return ends(/\.(png|jpe?g|webp|gif|bmp|avif)$/i) ? "pictures" : "other";
}

/** The experiments for own data, by what was dropped, alone and with a trained model: see `Wish`. */
const OWN = {
  table: { alone: "table", tuned: "tuned-table" },
  pictures: { alone: "photos", tuned: "tuned-pictures" },
} as const;

/** The experiment that takes them; `tuned` where a model was given, too. */
export const experimentFor = (kind: "table" | "pictures", tuned: boolean): string =>
  OWN[kind][tuned ? "tuned" : "alone"];

/** The experiment that takes a model beside what `experiment` takes; undefined where it takes none. */
export const withModel = (experiment: string | undefined): string | undefined =>
  Object.values(OWN).find(({ alone, tuned }) => experiment === alone || experiment === tuned)
    ?.tuned;
