/** The command line as a job of MPI: it ends with one report, and goes on after a kill and after a notice to the bits of one that was left alone. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { childrenOf, COMMAND_LINE } from "../../bench/processes.ts";
import { launchOf } from "../../cluster/mpi/index.ts";
import { bitsOf } from "../cli/run.ts";
import { root } from "../source.ts";
import { NO_OPEN, OPEN } from "./mpi.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const at = mkdtempSync(join(tmpdir(), "weightnorm-job-"));
afterAll(() => rmSync(at, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
/** Two ranks of a command line; `meanwhile` gets the launcher's process once there is a checkpoint in `out`. */
function job(
  line: string,
  {
    out = "",
    meanwhile,
  }: { readonly out?: string; readonly meanwhile?: (pid: number) => void } = {},
): Promise<Ended> {
  const argv = [...COMMAND_LINE, ...line.split(" ")];
  const { command, args } = launchOf(2, argv);
  const child = spawn("timeout", ["-k", "5", "100", command, ...args], { cwd: root });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
  const look = setInterval(() => {
    if (!meanwhile || !existsSync(join(out, "log.jsonl"))) return;
    if (!readFileSync(join(out, "log.jsonl"), "utf8").includes('"measured"')) return;
    clearInterval(look);
    meanwhile(childrenOf(child.pid!)[0]);
  }, 20);
  return new Promise((resolve) => {
    child.on("close", (code) => {
      clearInterval(look);
      resolve({ code, ...said });
    });
  });
}

describe.skipIf(!OPEN)(NO_OPEN, () => {
  const line = "compare test/fixtures/iris.csv --target species --arms plain,batch --epochs 12";
  let bits: Awaited<ReturnType<typeof bitsOf>>;
  beforeAll(async () => {
    const { code, stdout, stderr } = await job(`${line} --quiet --out ${join(at, "alone")}`);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.match(/report\.html/g)).toHaveLength(1);
    bits = await bitsOf(join(at, "alone"));
  });

  test("its results say how many there were, where, and how much of the time went into that", () => {
    const { ranks, arms, facts } = JSON.parse(
      readFileSync(join(at, "alone", "results.json"), "utf8"),
    ) as {
      ranks: unknown;
      arms: Record<string, { runs: { timing: { communication: number } }[] }>;
      facts: unknown;
    };
    expect(ranks).toMatchObject({ count: 2 });
    expect(arms["plain"].runs[0].timing.communication).toBeGreaterThan(0);
    expect(JSON.stringify(facts)).toMatch(/of batch: each rank's own/);
    expect(readFileSync(join(at, "alone", "report.html"), "utf8")).toMatch(/2 on /);
  });

  test("with one rank killed all end, and it goes on to the same bits", async () => {
    const out = join(at, "killed");
    const { code } = await job(`${line} --quiet --out ${out}`, {
      out,
      meanwhile: (launcher) => process.kill(childrenOf(launcher)[1], "SIGKILL"),
    });
    expect(code).not.toBe(0);
    expect(existsSync(join(out, "results.json"))).toBe(false);
    expect((await job(`${line} --quiet --resume ${out}`)).code).toBe(0);
    expect(await bitsOf(out)).toEqual(bits);
  });

  test("asked to stop it saves, says how to go on, and ends with 75", async () => {
    const out = join(at, "stopped");
    const { code, stderr } = await job(`${line} --quiet --out ${out}`, {
      out,
      meanwhile: (launcher) => process.kill(launcher, "SIGUSR2"),
    });
    expect(code).toBe(75);
    expect(stderr.match(/stopped, nothing is lost; go on with/g)).toHaveLength(1);
    expect((await job(`${line} --quiet --resume ${out}`)).code).toBe(0);
    expect(await bitsOf(out)).toEqual(bits);
    expect(readdirSync(out)).toContain("report.html");
  });

  test("what is wrong is said once", async () => {
    const { code, stderr } = await job("compare mnist --arms plain --lr x --out nowhere");
    expect(code).not.toBe(0);
    expect(stderr.match(/--lr: expected/g)?.length).toBeLessThanOrEqual(2);
    const dqn = await job("compare dqn --frames 100 --quiet --out nowhere");
    expect(dqn.stderr).toContain(
      "dqn: expected one process, as it does not divide its batches, got 2",
    );
  });
});
