/**
 * Sweeps whose workers are killed at random moments and whose Redis is started anew: is there one result of every trial, and is
 * it that of trials that were run one after the other and left alone?
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Manifest } from "../../cluster/sweep/manifest.ts";
import { hash, keyOf } from "../../src/index.ts";
import { childrenOf, COMMAND_LINE, isGone } from "../processes.ts";
import { differences } from "./compared.ts";
import { startRedis, wait } from "./redis-server.ts";

export interface SweepsOptions {
  /** The flags of `sweep plan`, but for --out. */
  readonly plan: readonly string[];
  readonly workers: number;
  /** Kills in all, and milliseconds from one to the next at most. */
  readonly kills: number;
  readonly every: number;
  /** Starts of Redis anew in mid-sweep. */
  readonly restarts: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface SweepsResult {
  readonly trials: number;
  readonly killed: number;
  /** Kills that fell while a trial was under way. */
  readonly inTrial: number;
  readonly restarts: number;
  readonly seconds: number;
  /** What went wrong, each in a line. */
  readonly faults: readonly string[];
}

/** Seconds without a sign of life after which a worker counts as gone: short, for there are many of them. */
const PATIENCE = 4;
/** Milliseconds in which a child ends after its worker was killed. */
const LEASH = 20_000;

export async function sweeps(options: SweepsOptions): Promise<SweepsResult> {
  const { plan, workers, kills, every, restarts, seed, say } = options;
  const folder = await mkdtemp(join(tmpdir(), "weightnorm-sweeps-"));
  const [serial, dir] = [join(folder, "serial"), join(folder, "swept")];
  const faults: string[] = [];
  for (const out of [serial, dir]) await command("sweep", "plan", ...plan, "--out", out);
  const { trials } = JSON.parse(await readFile(join(dir, "sweep.json"), "utf8")) as Manifest;
  for (const { index } of trials) {
    await command("sweep", "run", serial, "--index", String(index), "--quiet");
    say(`one after the other: ${index + 1} of ${trials.length}`);
  }
  const redis = await startRedis(join(folder, "redis"));
  const began = performance.now();
  const begin = (): ChildProcess =>
    spawn(
      process.execPath,
      [
        ...[...COMMAND_LINE, "sweep", "work", dir, "--redis", redis.url],
        ...["--patience", String(PATIENCE)],
      ],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
  const crew = Array.from({ length: workers }, begin);
  const resultsIn = async (): Promise<number> =>
    (await readdir(join(dir, "results")).catch(() => [])).length;
  const counts = { killed: 0, inTrial: 0, restarts: 0 };
  const draw = (n: number): number => (hash(n, keyOf("sweeps", seed)) >>> 0) / 2 ** 32;
  try {
    for (let i = 0; (await resultsIn()) < trials.length; i++) {
      await wait(1000 + draw(2 * i) * every);
      if ((await resultsIn()) * (restarts + 1) >= (counts.restarts + 1) * trials.length) {
        if (counts.restarts < restarts) {
          await redis.restart(1000 + Math.round(draw(2 * i) * 2000));
          counts.restarts++;
          say(`Redis was started anew, ${counts.restarts} times so far`);
        }
      }
      if (counts.killed < kills) {
        const place = Math.floor(draw(2 * i + 1) * workers);
        const children = childrenOf(crew[place].pid!);
        crew[place].kill("SIGKILL");
        counts.killed++;
        if (children.length > 0) counts.inTrial++;
        say(
          `worker ${place} was killed, with ${children.length} trials; ${await resultsIn()} done`,
        );
        for (const child of children)
          if (!(await isGone(child, LEASH)))
            faults.push(`process ${child}: lived on without its worker`);
        crew[place] = begin();
      }
      for (const [place, worker] of crew.entries())
        if (worker.exitCode !== null && (await resultsIn()) < trials.length) {
          faults.push(`worker ${place}: ended with ${worker.exitCode} before its work did`);
          crew[place] = begin();
        }
    }
    await Promise.all(crew.map(ended));
    const codes = crew.map(({ exitCode }) => exitCode);
    if (codes.some((code) => code !== 0)) faults.push(`workers: ended with ${codes.join(", ")}`);
  } finally {
    for (const worker of crew) worker.kill("SIGKILL");
    await redis.stop();
  }
  const seconds = (performance.now() - began) / 1000;
  faults.push(...(await differences(dir, serial)));
  if (faults.length === 0) await rm(folder, { recursive: true, force: true });
  else say(`what is wrong lies in ${folder}`);
  return { trials: trials.length, ...counts, seconds, faults };
}

/** Runs a command line to its end, which is to be good. */
async function command(...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [...COMMAND_LINE, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  await ended(child);
  if (child.exitCode !== 0)
    throw new Error(`weightnorm ${args.join(" ")}: expected exit code 0, got ${said}`);
}

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once("close", () => resolve()));
