/** Several processes train one model by MPI: to what one would, to the same bits on all and again, and not where one does otherwise. */
import { execFile, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { NODE_FLAGS, programAt } from "../../bench/processes.ts";
import { launchOf } from "../../cluster/mpi/index.ts";
import { sampled, whole } from "../whole.ts";
import type { Asked, Told } from "./programs/training.ts";

const lack = spawnSync("mpirun", ["--version"]).status === 0 ? undefined : "no mpirun on the path";
const script = programAt("test/cluster/programs/training.ts");

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
/** What the ranks say; after two minutes they are ended by force. */
async function ranks(count: number, asked: Asked): Promise<Ended> {
  const own = [...NODE_FLAGS, script, JSON.stringify(asked)];
  const { command, args } =
    count === 0 ? { command: process.execPath, args: own } : launchOf(count, own);
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { timeout: 120_000, killSignal: "SIGKILL", maxBuffer: 2 ** 27 },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr });
      },
    );
  });
}
const told = async (count: number, asked: Asked): Promise<Told> => {
  const { code, stdout, stderr } = await ranks(count, asked);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Told;
};

/** Each optimizer once, and with it one of the arms; with WHOLE=1 all of them. */
const OPTIMIZERS = ["sgd", "momentum", "adam", "adamax", "rmsprop"];
const casesOf = (arms: readonly string[]): Asked["cases"] =>
  OPTIMIZERS.flatMap((name, i) =>
    arms.filter((_, j) => whole || j === i % arms.length).map((arm) => [arm, name] as const),
  ) as Asked["cases"];
/** |a - b| / |a| of all parameters as one vector. */
function difference(a: Told[number], b: Told[number]): number {
  const [own, other] = [a, b].map((state) =>
    Object.keys(state)
      .toSorted()
      .flatMap((k) => state[k]),
  );
  const norm = (x: readonly number[]): number => Math.hypot(...x);
  return norm(own.map((x, i) => x - other[i])) / norm(own);
}

describe.skipIf(lack !== undefined)(`by MPI (skipped where ${lack ?? "there is none"})`, () => {
  const asked = { steps: 50, batchSize: 40, cases: casesOf(["plain", "weight"]) };

  test("several ranks get what one process gets, and 1 rank its bits", async () => {
    const alone = await told(0, asked);
    expect(await told(1, asked)).toEqual(alone);
    for (const count of sampled([4, 2], 2)) {
      const shared = await told(count, asked);
      for (const [i, one] of alone.entries())
        expect(difference(one, shared[i]), `${count} ranks, ${asked.cases[i].join()}`).toBeLessThan(
          1e-6,
        );
    }
  }, 240_000);

  test("a step of MNIST's network is that of one process, parameter by parameter", async () => {
    const one = { ...asked, steps: 1, network: "mnist", cases: casesOf(["weight"]) } as const;
    const alone = await told(0, one);
    for (const count of sampled([2, 4], 2))
      for (const [i, shared] of (await told(count, one)).entries())
        for (const [name, values] of Object.entries(alone[i]))
          expect(
            difference({ values }, { values: shared[name] }),
            `${count} ranks, ${name}`,
          ).toBeLessThan(2e-6);
  }, 240_000);

  test("arms with statistics of the batch, and odd shares, are the same again to the bit", async () => {
    const odd = { steps: 10, batchSize: 50, cases: casesOf(["batch", "weight+mean-only"]) };
    expect(await told(3, odd)).toEqual(await told(3, odd));
  }, 120_000);

  test.each([
    ["with another seed", "seed", /expected the same run on all 2/],
    ["that skips a sum", "skips", /expected all to make the same calls/],
  ] as const)(
    "a rank %s ends all of them",
    async (_, wrong, why) => {
      const { code, stderr } = await ranks(2, { ...asked, cases: [["weight", "adam"]], wrong });
      expect(code).not.toBe(0);
      expect(stderr).toMatch(why);
    },
    120_000,
  );
});
