/** What is to be done with files of the user's own, by their names and by what experiments say that they take. */
import type { Dropped, Takes } from "../worker/protocol.ts";
import type { Choice } from "./state.ts";

/** What files are, by their names. */
export type Kind = Takes | "checkpoint" | "other";

export function kindOf(files: readonly Pick<Dropped, "path">[]): Kind {
  const ends = (pattern: RegExp): boolean => files.some(({ path }) => pattern.test(path));
  if (ends(/\.safetensors$/i)) return "checkpoint";
  if (ends(/\.onnx$/i)) return "model";
  if (files.length === 1 && ends(/\.[ct]sv$/i)) return "table";
  return ends(/\.(png|jpe?g|webp|gif|bmp|avif)$/i) ? "pictures" : "other";
}

/** An experiment with the place where it takes such files. */
export interface Taker {
  readonly experiment: string;
  readonly place: string;
}

/**
 * The experiment that takes files of a kind, of which all places can be filled: the one of now, else one that takes a model beside
 * data where the one of now takes one of both, else one that takes data alone. A model alone is for pictures.
 */
export function takerOf(
  kind: Takes,
  choices: readonly Choice[],
  now: string | undefined,
): Taker | undefined {
  const own = kindsOf(choices.find(({ experiment }) => experiment === now));
  const data = own.find((one) => one !== "model");
  const wanted: readonly Takes[] = own.includes(kind)
    ? own
    : kind === "model"
      ? [data ?? "pictures", kind]
      : own.includes("model")
        ? [kind, "model"]
        : [kind];
  const found = choices.find((choice) => {
    const kinds = kindsOf(choice);
    return kinds.length === wanted.length && wanted.every((one) => kinds.includes(one));
  });
  const place = Object.entries(found?.takes ?? {}).find(([, one]) => one === kind)?.[0];
  return found && place !== undefined ? { experiment: found.experiment, place } : undefined;
}

const kindsOf = (choice: Choice | undefined): readonly Takes[] =>
  Object.values(choice?.takes ?? {});
