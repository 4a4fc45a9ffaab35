/** A finished run that took a moment, to ask for again, to copy and to break. */
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bitsOf, temporaryFolder, tinyMnist, transcript, within, type Bits } from "./run.ts";

export interface SmallRun {
  /** A temporary folder with the data in `data` and the run in `done`. */
  readonly folder: string;
  at(...names: readonly string[]): string;
  /** The command of the run but for --out. */
  readonly settings: readonly string[];
  readonly bits: Bits;
  /** A copy of the run called `name`; `finished: false` takes its results away. */
  copy(name: string, options?: { readonly finished?: boolean }): Promise<string>;
  /** The command that goes on in a folder. */
  resume(dir: string, ...flags: readonly string[]): readonly string[];
  /** Commands with what they end with, in short. */
  transcript(...commands: readonly (readonly string[])[]): Promise<string>;
}

export async function smallRun(name: string): Promise<SmallRun> {
  const folder = await temporaryFolder(name);
  const at = (...names: readonly string[]): string => join(folder, ...names);
  await tinyMnist(at("data"), { train: 60, test: 20 });
  const settings = [
    ...["compare", "mnist", "--arms", "plain,weight", "--epochs", "2", "--batch-size", "20"],
    ...["--threads", "1", "--quiet", "--data-dir", at("data")],
  ];
  const { code, stderr } = await within(...settings, "--out", at("done"));
  if (code !== 0) throw new Error(`smallRun: expected a finished run, got ${stderr}`);
  return {
    folder,
    at,
    settings,
    bits: await bitsOf(at("done")),
    async copy(to, { finished = true } = {}) {
      await cp(at("done"), at(to), { recursive: true });
      if (!finished) await rm(at(to, "results.json"));
      return at(to);
    },
    resume: (dir, ...flags) => ["compare", "mnist", "--resume", dir, "--quiet", ...flags],
    async transcript(...commands) {
      const text = await transcript(folder, ...commands);
      return text.replaceAll(settings.join(" ").replaceAll(folder, "TMP"), "SETTINGS");
    },
  };
}

/** Writes a file anew with its bytes changed. */
export async function change(path: string, edit: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, edit(await readFile(path)));
}
