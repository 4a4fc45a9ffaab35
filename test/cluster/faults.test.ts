/** Whatever happens to a rank, the job ends soon, with another code than 0, and says why. */
import { describe, expect, test, vi } from "vitest";
import { job, MPICH, NO_MPICH, NO_OPEN, OPEN, type Launcher } from "./mpi.ts";

vi.setConfig({ testTimeout: 90_000 });

const launchers = [
  ["mpirun.openmpi", OPEN, NO_OPEN],
  ["mpirun.mpich", MPICH, NO_MPICH],
] as const;
const count = (text: string, part: string): number => text.split(part).length - 1;
const HUNG = [124, 137]; // of `timeout`, 137 of a rank that was killed, too

describe.each(launchers)("under %s", (launcher: Launcher, there, reason) => {
  describe.skipIf(!there)(reason, () => {
    test.each(["throws", "rejects", "allThrow"])("a rank that %s ends all", async (what) => {
      const { code, said } = await job(what, { launcher });
      expect(code).toBe(70);
      expect(count(said, "as the test asked")).toBe(1);
      expect(said).toMatch(/weightnorm: rank \d of 2 \(.+\): Error: as the test asked/);
    });
    test.each([
      [0, 70],
      [3, 3],
    ])("one that ends with %i in mid-run ends all with %i", async (own, all) => {
      const { code } = await job(`leaves ${own}`, { launcher });
      expect(code).toBe(all);
    });
    test("one that is killed ends all", async () => {
      const { code } = await job("killed", { launcher });
      expect(code).toBe(launcher === "mpirun.openmpi" ? 137 : 9);
    });
    test("one that leaves a sum out is found out", async () => {
      const { code, said } = await job("skips", { launcher });
      expect(code).toBe(70);
      expect(said).toContain(
        "expected all to make the same calls, got a sum of float32 (100) on rank 1 against a sum of float32 (3) on rank 0",
      );
    });
    test("one that hangs, alive, is waited for as long as was said", async () => {
      const env = { WEIGHTNORM_RANKS_TIMEOUT: "2" };
      const { code, said } = await job("hangs", { launcher, env });
      expect(HUNG).not.toContain(code);
      expect(code).not.toBe(0);
      expect(said).toMatch(
        /weightnorm: ranks: rank 0 of 2 \(.+\) expected all to come here in call \d+, got nothing in 2 s, and ends the job/,
      );
    });
    test("one that waits in turns is not taken for one that hangs", async () => {
      const env = { WEIGHTNORM_RANKS_TIMEOUT: "1" };
      expect(await job("slow", { launcher, env })).toMatchObject({ code: 0 });
    });
    test("asked to stop, all stop together", async () => {
      const notice = launcher === "mpirun.openmpi" ? "SIGUSR2" : "SIGINT";
      const { code, seen } = await job("stops", {
        launcher,
        meanwhile: (pid) => void process.kill(pid, notice),
      });
      expect(seen).toEqual([{ stopped: true }, { stopped: true }]);
      expect(launcher === "mpirun.openmpi" ? [75] : [75, 0]).toContain(code); // MPICH's has not always heard
    });
  });
});

describe.skipIf(!OPEN)(`signals to one rank ${NO_OPEN}`, () => {
  const pidOf = (seen: unknown): number => (seen as { readonly pid: number }).pid;
  test("are a notice to all", async () => {
    const meanwhile = (_: number, seen: readonly unknown[]): void =>
      void process.kill(pidOf(seen[1]), "SIGCONT");
    expect(await job("stops", { meanwhile })).toMatchObject({ code: 75 });
  });
  test("but SIGCONT is none where it ends SIGSTOP", async () => {
    const meanwhile = (_: number, [, seen]: readonly unknown[]): void => {
      process.kill(pidOf(seen), "SIGSTOP");
      setTimeout(() => process.kill(pidOf(seen), "SIGCONT"), 2500);
      setTimeout(() => process.kill(pidOf(seen), "SIGKILL"), 4500);
    };
    expect(await job("stops", { meanwhile })).toMatchObject({ code: 137 });
  });
});

const other = "is not the library of that launcher; use mpirun of";
describe.skipIf(!OPEN || !MPICH)(`a library of another launcher (${NO_OPEN}, ${NO_MPICH})`, () => {
  test.each([
    ["mpirun.openmpi", "libmpich.so.12", "mpirun of Open MPI", "MPICH"],
    ["mpirun.mpich", "libmpi.so.40", "mpirun of MPICH", "Open MPI"],
  ] as const)("under %s, %s is an error", async (launcher, file, name, library) => {
    const { code, said, seen } = await job("calls", {
      launcher,
      env: { WEIGHTNORM_MPI_LIB: file },
    });
    expect(code).not.toBe(0);
    expect(HUNG).not.toContain(code);
    expect(said).toContain(`of 2, as ${name} started it, got rank 0 of 1 from ${file} (${library}`);
    expect(said).toContain(other);
    expect(seen).toEqual([null, null]);
  });
});
describe.skipIf(!OPEN)(`what a launcher's ranks lack ${NO_OPEN}`, () => {
  test.each([
    [
      { WEIGHTNORM_MPI_LIB: "libnothing.so.1" },
      /ranks: expected libnothing\.so\.1, since mpirun of Open MPI started this process, got .*; install Open MPI \(Debian: apt-get install openmpi-bin\)/,
    ],
    [
      { WEIGHTNORM_MPI_LIB: "libc.so.6" },
      /ranks: expected libc\.so\.6 to be Open MPI or MPICH, got /,
    ],
    [
      { WEIGHTNORM_RANKS_TIMEOUT: "soon" },
      /WEIGHTNORM_RANKS_TIMEOUT: expected seconds, 1 to 1000000, got "soon"; /,
    ],
  ])("%j", async (env, message) => {
    const { code, said } = await job("calls", { env, size: 1 });
    expect(code).toBe(1);
    expect(said).toMatch(message);
  });
});
