/** Workers of a queue: killed, doubled, without their Redis for a while, they leave one result of every trial, the serial one. */
import { spawn, type ChildProcess } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { differences } from "../../bench/sweeps/compared.ts";
import { childrenOf, COMMAND_LINE, isGone } from "../../bench/processes.ts";
import { hasRedis, startRedis, type RedisServer } from "../../bench/sweeps/redis-server.ts";
import { start, temporaryFolder, within, type Started } from "../cli/run.ts";
import { whole } from "../whole.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

const folder = await temporaryFolder("work");
const at = (...names: readonly string[]): string => join(folder, ...names);
const started: ChildProcess[] = [];
let redis: RedisServer | undefined;
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});
afterAll(async () => {
  await redis?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** Two arms, so that there are two trials a seed; a hundred epochs take a second. */
const plan = async (name: string, epochs: number, seeds = "1"): Promise<void> => {
  const settings = ["--target", "species", "--epochs", String(epochs), "--threads", "1"];
  const grid = ["--arms", "plain,weight", "--seed", seeds];
  const flags = ["--experiment", "test/fixtures/iris.csv", ...grid, ...settings];
  await within("sweep", "plan", ...flags, "--out", at(name));
};
const work = (name: string, ...flags: readonly string[]): Started => {
  const worker = start(
    ...["sweep", "work", at(name), "--redis", redis!.url, "--patience", "3", ...flags],
  );
  started.push(worker.child);
  return worker;
};
const results = async (name: string): Promise<number> =>
  (await readdir(at(name, "results")).catch(() => [])).length;
/** The same plan, one after the other. */
async function serial(name: string, epochs: number, seeds?: string): Promise<string> {
  await plan(name, epochs, seeds);
  const { trials } = JSON.parse(await readFile(at(name, "sweep.json"), "utf8")) as {
    readonly trials: readonly unknown[];
  };
  for (const i of trials.keys())
    await within("sweep", "run", at(name), "--index", String(i), "--quiet");
  return at(name);
}

test("where there is no Redis, it says so", async () => {
  await plan("nobody", 1);
  const say = async (...flags: readonly string[]): Promise<string> =>
    (await within("sweep", "work", at("nobody"), ...flags)).stderr;
  expect(await say("--redis", "redis://:secret@127.0.0.1:1")).toBe(
    "weightnorm: --redis: expected a server at 127.0.0.1:1, got ECONNREFUSED; start one (redis-server), or mend the address\n",
  );
  expect(await say("--redis", "localhost")).toContain(
    "--redis: expected an address like redis://localhost:6379, got another text; try that",
  );
  if (process.env["REDIS_URL"] === undefined)
    expect(await say()).toContain(
      "--redis: expected where the queue is, got none, and no REDIS_URL",
    );
});

test("a process on a leash saves and ends when whoever holds it is gone", async () => {
  await plan("leash", 2000);
  // One that starts a trial, says its number and dies: what is left has no parent and a closed channel.
  const words = JSON.stringify([
    ...COMMAND_LINE,
    "sweep",
    "run",
    at("leash"),
    "--index",
    "0",
    "--quiet",
  ]);
  const parent = spawn(process.execPath, [
    ...["--input-type=module", "-e"],
    `import { spawn } from "node:child_process";
     const child = spawn(process.execPath, ${words}, { stdio: ["ignore", "ignore", "ignore", "ipc"], detached: true,
       env: { ...process.env, WEIGHTNORM_LEASH: "1" } });
     console.log(child.pid);`,
  ]);
  started.push(parent);
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once("data", (text) => resolve(Number(text))),
  );
  const running = async (): Promise<void> =>
    expect((await within("sweep", "status", at("leash"))).stdout).toContain("1 running");
  await vi.waitFor(running, { timeout: 60_000, interval: 200 });
  parent.kill("SIGKILL");
  expect(await isGone(pid, 20_000)).toBe(true);
  expect((await within("sweep", "status", at("leash"))).stdout).toContain("0 running, 1 stopped");
});

describe.skipIf(!hasRedis())("with a Redis (skipped where there is no redis-server)", () => {
  test("two workers, one killed in mid-trial, and Redis started anew", async () => {
    redis = await startRedis(at("redis"));
    const [seeds, all] = whole ? ["1,2", 4] : ["1", 2];
    await plan("swept", 120, seeds);
    const [first, second] = [work("swept"), work("swept")];
    let children: readonly number[] = [];
    await vi.waitFor(
      async () => {
        children = childrenOf(first.child.pid!);
        expect(children.length).toBe(1);
        const trials = await readdir(at("swept", "trials"));
        expect(trials.length).toBeGreaterThanOrEqual(2);
      },
      { timeout: 60_000, interval: 100 },
    );
    first.child.kill("SIGKILL");
    expect(await isGone(children[0], 20_000)).toBe(true);
    await vi.waitFor(async () => expect(await results("swept")).toBeGreaterThan(0), {
      ...{ timeout: 60_000, interval: 200 },
    });
    await redis.restart();
    expect(await second.finished).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`${all} of ${all} trials have results, 0 failed`) as unknown,
    });
    expect(await differences(at("swept"), await serial("left alone", 120, seeds))).toEqual([]);
    const again = work("swept"); // everything is done: nothing is trained again
    expect((await again.finished).stderr).toBe(`${all} of ${all} trials have results, 0 failed\n`);
  });

  test("Ctrl-C saves what is under way, and whoever starts next goes on with it", async () => {
    redis ??= await startRedis(at("redis"));
    await plan("stopped", 200);
    const first = work("stopped", "--concurrency", "2");
    await vi.waitFor(
      async () =>
        expect((await within("sweep", "status", at("stopped"))).stdout).toContain("2 running"),
      { timeout: 60_000, interval: 200 },
    );
    first.child.kill("SIGINT");
    const { code, stderr } = await first.finished;
    expect(code).toBe(75);
    expect(stderr.match(/: saved$/gm)).toHaveLength(2);
    expect((await within("sweep", "status", at("stopped"))).stdout).toContain("2 stopped");
    const next = await work("stopped", "--concurrency", "2").finished;
    expect([next.code, await results("stopped")]).toEqual([0, 2]);
    expect(await differences(at("stopped"), await serial("not stopped", 200))).toEqual([]);
  });

  test("a trial that always fails ends the work with code 1, and is tried again by whoever starts anew", async () => {
    redis ??= await startRedis(at("redis"));
    await plan("failing", 1);
    const { trials } = JSON.parse(await readFile(at("failing", "sweep.json"), "utf8")) as {
      readonly trials: readonly { readonly id: string }[];
    };
    // Somebody else's run lies where one of the two is to be.
    const way = at("failing", "trials", trials[0].id);
    const other = ["--target", "species", "--epochs", "2", "--threads", "1", "--quiet"];
    await within("train", "test/fixtures/iris.csv", "--arm", "plain", ...other, "--out", way);
    const first = await work("failing").finished;
    expect(first.code).toBe(1);
    expect(first.stderr).toContain("1 of 2 trials have results, 1 failed");
    expect(first.stderr.match(/\(plain-\S+\): failed: /g)).toHaveLength(3);
    await rm(way, { recursive: true });
    expect((await work("failing").finished).code).toBe(0);
  });
});
