/** A finished run that took a moment, to ask for again, to copy and to break. */
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bitsOf, temporaryFolder, tinyMnist, within, type Bits } from "./run.ts";

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
  /** Commands with the exit codes and messages that they end with; "TMP" is the folder. */
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
      const lines: string[] = [];
      for (const args of commands) {
        const { code, stdout, stderr } = await within(...args);
        lines.push(`$ ${args.join(" ")}`, `${code}: ${stdout}${stderr.trimEnd()}`);
      }
      const short = (text: string): string => text.replaceAll(folder, "TMP");
      return `\n${short(lines.join("\n")).replaceAll(short(settings.join(" ")), "SETTINGS")}\n`;
    },
  };
}

/** Writes a file anew with its bytes changed. */
export async function change(path: string, edit: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, edit(await readFile(path)));
}
