/** config.json in a folder. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readText, reasonOf, writeFileAtomic } from "../../src/node/index.ts";
import type { Config } from "../experiment.ts";
import { runIn, runText, type Begun, type Find } from "../run-config.ts";
import type { RunConfig } from "../store.ts";

/** Bytes; ours have some hundreds. */
const MOST = 1_000_000;

const configPath = (dir: string): string => join(dir, "config.json");
export const isBegun = (dir: string): boolean => existsSync(configPath(dir));

/** What config.json in a run's folder says, in the format of today or of before. */
export async function readRun(dir: string, find: Find): Promise<Begun> {
  const path = configPath(dir);
  const said = await readText(path, { most: MOST }).catch((error: unknown) => {
    throw new Error(
      `${dir}: expected the folder of a run, got no readable config.json in it (${reasonOf((error as Error).cause ?? error)}); give the folder that --out named`,
      { cause: error },
    );
  });
  return runIn(said, path, find);
}

export const writeRun = (dir: string, run: RunConfig<Config>): Promise<void> =>
  writeFileAtomic(configPath(dir), runText(run));
