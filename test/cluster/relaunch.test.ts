/** `--ranks N`: a program that starts itself under mpirun. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { launchOf } from "../../cluster/mpi/relaunch.ts";
import { TSX } from "../../bench/processes.ts";
import { root } from "../source.ts";
import { NO_OPEN, OPEN } from "./mpi.ts";

vi.setConfig({ testTimeout: 90_000 });

const folder = mkdtempSync(join(tmpdir(), "weightnorm-again-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Its exit code, and what it said on standard error; `meanwhile` is called when both ranks have said something. */
async function again(
  what: string,
  meanwhile?: (pid: number) => void,
): Promise<readonly [number | null, string]> {
  const program = join(import.meta.dirname, "programs", "again.ts");
  for (const rank of [0, 1]) rmSync(join(folder, `${rank}.json`), { force: true });
  const child = spawn(process.execPath, [...TSX, program, folder, what], { cwd: root });
  const limit = setTimeout(() => child.kill("SIGKILL"), 60_000);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const look = setInterval(() => {
    if (
      meanwhile === undefined ||
      ![0, 1].every((rank) => existsSync(join(folder, `${rank}.json`)))
    )
      return;
    clearInterval(look);
    meanwhile(child.pid!);
  }, 50);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(look);
  clearTimeout(limit);
  return [code, said];
}

describe.skipIf(!OPEN)(`a program that starts itself ${NO_OPEN}`, () => {
  test("is two ranks, with its own flags", async () => {
    expect(await again("calls")).toEqual([0, ""]);
    const [first, second] = [0, 1].map((rank): unknown =>
      JSON.parse(readFileSync(join(folder, `${rank}.json`), "utf8")),
    );
    expect([first, second]).toMatchObject([
      { rank: 0, size: 2 },
      { rank: 1, size: 2 },
    ]);
  });
  test("gives their exit code", async () => {
    const [code, said] = await again("throws");
    expect(code).toBe(70);
    expect(said).toContain("as the test asked");
  });
  test.each(["SIGINT", "SIGTERM"] as const)("hands %s on as a notice", async (signal) => {
    const [code] = await again("stops", (pid) => void process.kill(pid, signal));
    expect(code).toBe(75);
  });
});

test("without mpirun, it says what to install", () => {
  vi.stubEnv("PATH", folder);
  expect(() => launchOf(4, ["train.ts"])).toThrow(
    "--ranks: expected mpirun to start 4 ranks, got no such program; install Open MPI (Debian: apt-get install openmpi-bin), or leave --ranks out",
  );
  vi.unstubAllEnvs();
});
