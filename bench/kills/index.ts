/**
 * Runs that are killed, at random moments and before each operation on a file in turn, and go on: do they end with the bits of
 * one that was left alone?
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { run } from "../../cli/program.ts";
import { hash, keyOf } from "../../src/index.ts";
import { NODE_FLAGS, programAt } from "../processes.ts";
import { bitsOf, type Bits } from "./bits.ts";
import { scenarios, type Scenario } from "./scenarios.ts";

export interface KillsOptions {
  /** Kills in all, shared out among the experiments. */
  readonly runs: number;
  readonly seed: number;
  /** Names of scenarios (default: all). */
  readonly only?: readonly string[];
  readonly say: (line: string) => void;
}

export interface KillsResult {
  readonly killed: number;
  /** Kills by where they fell. */
  readonly atRandom: number;
  readonly beforeFileOperations: number;
  readonly same: number;
  /** What went wrong, each in a line. */
  readonly faults: readonly string[];
}

const PRELOAD = pathToFileURL(programAt("bench/kills/preload.ts")).href;
const SCRIPT = [...NODE_FLAGS, "--import", PRELOAD, programAt("cli/main.ts")];

/** The same in this process, which saves its start; what it prints is not looked at. */
async function here(args: readonly string[]): Promise<Pick<Ended, "code" | "stderr">> {
  const real = { stdout: process.stdout.write, stderr: process.stderr.write };
  let stderr = "";
  process.stdout.write = () => true;
  process.stderr.write = (text: string | Uint8Array) => {
    stderr += String(text);
    return true;
  };
  try {
    return { code: await run(args), stderr };
  } finally {
    Object.assign(process.stdout, { write: real.stdout });
    Object.assign(process.stderr, { write: real.stderr });
  }
}

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  readonly seconds: number;
}
interface Killing {
  readonly before?: number;
  readonly afterSeconds?: number;
  readonly countTo?: string;
}
function weightnorm(
  args: readonly string[],
  { before, afterSeconds, countTo }: Killing = {},
): Promise<Ended> {
  const env = {
    ...process.env,
    ...(before === undefined ? {} : { KILL_BEFORE: String(before) }),
    ...(countTo === undefined ? {} : { COUNT_TO: countTo }),
  };
  const began = performance.now();
  const child = spawn(process.execPath, [...SCRIPT, ...args], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const timer =
    afterSeconds === undefined
      ? undefined
      : setTimeout(() => child.kill("SIGKILL"), afterSeconds * 1000);
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stderr, seconds: (performance.now() - began) / 1000 });
    });
  });
}

/** One that was left alone: what all others are to end with. */
interface Whole {
  readonly scenario: Scenario;
  readonly bits: Bits;
  readonly operations: number;
  readonly seconds: number;
}

export async function kills({ runs, seed, only, say }: KillsOptions): Promise<KillsResult> {
  const folder = await mkdtemp(join(tmpdir(), "weightnorm-kills-"));
  const result = {
    killed: 0,
    atRandom: 0,
    beforeFileOperations: 0,
    same: 0,
    faults: [] as string[],
  };
  try {
    const wholes: Whole[] = [];
    for (const scenario of await scenarios(folder))
      if (only?.includes(scenario.name) ?? true) wholes.push(await whole(scenario, folder));
    for (let i = 0; i < runs; i++) {
      const { scenario, bits, operations, seconds } = wholes[i % wholes.length];
      const round = Math.floor(i / wholes.length);
      const random = hash(i, keyOf(seed, "kills")) / 2 ** 32;
      const atFile = round % 2 === 0;
      // Spread over all operations, and each time another one.
      const before =
        Math.floor(
          ((round / 2 + random) * operations) / Math.max(1, Math.ceil(runs / wholes.length / 2)),
        ) % operations;
      const killing = atFile ? { before } : { afterSeconds: 0.3 + random * seconds };
      const dir = join(folder, `${scenario.name}-${i}`);
      const name = `${scenario.name}, killed ${atFile ? `before file operation ${before} of ${operations}` : `after ${killing.afterSeconds!.toFixed(2)} s`}`;
      const fault = await killedOnce({ scenario, bits }, dir, killing);
      result.killed++;
      result[atFile ? "beforeFileOperations" : "atRandom"]++;
      if (fault === undefined) result.same++;
      else result.faults.push(`${name}: ${fault}`);
      if (fault !== undefined || (i + 1) % 10 === 0)
        say(
          fault === undefined
            ? `${i + 1} killed, ${result.same} went on to the same bits`
            : `${name}: ${fault}`,
        );
      await rm(dir, { recursive: true, force: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return result;
}

async function whole(scenario: Scenario, folder: string): Promise<Whole> {
  const dir = join(folder, `${scenario.name}-whole`);
  const countTo = join(folder, `${scenario.name}.count`);
  await begin(scenario, dir);
  const { code, stderr, seconds } = await weightnorm(scenario.args(dir), { countTo });
  if (code !== 0) throw new Error(`kills: ${scenario.name} does not run: ${stderr}`);
  return {
    scenario,
    bits: await bitsOf(dir),
    operations: Number(await readFile(countTo, "utf8")),
    seconds,
  };
}

/** What a scenario starts from, if not from nothing. */
async function begin({ template }: Scenario, dir: string): Promise<void> {
  if (template === undefined) return;
  await mkdir(dir, { recursive: true });
  await cp(template, dir, { recursive: true });
}

/** Kills a run, goes on, and compares; undefined where all is well. */
async function killedOnce(
  { scenario, bits }: Pick<Whole, "scenario" | "bits">,
  dir: string,
  killing: Killing,
): Promise<string | undefined> {
  await begin(scenario, dir);
  const first = await weightnorm(scenario.args(dir), killing);
  if (first.code !== null && first.code !== 0)
    return `ended with code ${first.code}: ${first.stderr.trim()}`;
  const args = existsSync(join(dir, "config.json")) ? scenario.resume(dir) : scenario.args(dir);
  const { code, stderr } = await here(args);
  if (code !== 0) return `does not go on: ${stderr.trim()}`;
  return isDeepStrictEqual(await bitsOf(dir), bits) ? undefined : "ended with other bits";
}
