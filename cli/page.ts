/** `weightnorm page`: the lab, and the runs of a folder, for a browser. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { listen } from "../serve/listen.ts";
import { findWith, ownOf } from "./experiments.ts";
import { onInterrupt } from "./interrupt.ts";
import { lackIn } from "./needs.ts";

export interface PageFlags {
  readonly port?: number;
  readonly host?: string;
  readonly token?: string;
  readonly experiment?: string;
  readonly json?: boolean;
}

export async function page(folder: string | undefined, flags: PageFlags): Promise<void> {
  const { json = false, experiment, ...where } = flags;
  const find = findWith(await ownOf(experiment));
  const built = await pageFolder();
  const { url, close } = await listen({ page: built, folder, ...where, find, explain: lackIn });
  const { signal, release } = onInterrupt();
  process.stdout.write(json ? `${JSON.stringify({ url })}\n` : `${url}\n`);
  if (!signal.aborted) await once(signal, "abort");
  await close();
  release();
}

/** Where the built page is: in the package beside this file; in a clone it is built when it is not what its source says. */
async function pageFolder(): Promise<string> {
  const packed = join(import.meta.dirname, "..", "page");
  if (!import.meta.filename.endsWith(".ts") && existsSync(join(packed, "index.html")))
    return packed;
  const root = join(import.meta.dirname, "..");
  const folder = join(root, "node_modules", ".cache", "weightnorm", "page");
  const script = join(root, "scripts", "page.ts");
  const args = [...process.execArgv, script, folder];
  const [code] = (await once(
    spawn(process.execPath, args, { stdio: ["ignore", process.stderr, "inherit"] }),
    "close",
  )) as [number | null];
  if (code === 0) return folder;
  throw new Error(
    "page: expected the page to be built from its source, got an error; see above, and run npm ci",
  );
}
