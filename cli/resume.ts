/** `--resume`: the folder of a run, and whether the flags beside it agree with how the run began. */
import { resolve } from "node:path";
import { usageError } from "./options.ts";
import { resumeRunFolder, type RunFolder, type RunSettings } from "./run-folder.ts";

/** The folder `dir` with an unfinished or finished run of `experiment`. */
export async function resumed<C extends RunSettings>(
  experiment: string,
  dir: string,
  out: string | undefined,
): Promise<RunFolder<C>> {
  if (out !== undefined && resolve(out) !== resolve(dir))
    throw usageError(
      `--out: a resumed run stays in its folder ${dir}, got ${out}; leave --out away`,
    );
  return resumeRunFolder<C>(resolve(dir), experiment);
}

/** Throws for the first setting that was asked for and is not what the run began with. */
export function checkUnchanged(asked: object, before: object): void {
  for (const [name, value] of Object.entries(asked)) {
    const old: unknown = before[name as keyof typeof before];
    if (JSON.stringify(old) !== JSON.stringify(value))
      throw usageError(
        `--resume: the run began with ${name} = ${written(old)}, got ${written(value)}; leave that flag away or start a new run`,
      );
  }
}

/** A setting as its flag takes it. */
const written = (value: unknown): string =>
  Array.isArray(value) ? value.join(",") : JSON.stringify(value);
