/** What ranks ask of each other, under the launchers that are installed: each by sums that were computed here. */
import { createHash } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { piecesOf } from "../../cluster/mpi/library.ts";
import { everyone } from "../../cluster/mpi/ranks.ts";
import { programText, sameProgram } from "../../cluster/mpi/same-program.ts";
import { oneRank, type Numbers } from "../../runs/ranks.ts";
import { job, MPICH, NO_MPICH, NO_OPEN, OPEN } from "./mpi.ts";

vi.setConfig({ testTimeout: 90_000 });

interface Saw {
  readonly rank: number;
  readonly size: number;
  readonly hosts: readonly string[];
  readonly threads: number;
  readonly library: string;
  readonly launcher: string;
  readonly spent: boolean;
  readonly sums: readonly [string, string, string, readonly number[]];
  readonly around: readonly number[];
  readonly least: readonly [readonly number[], readonly number[]];
  readonly bytes: readonly [number, number, number];
}
const bits = (values: Numbers): string => createHash("sha256").update(values).digest("hex");
const ranks = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

/** What all ranks should see: with up to two, there is one order to add in. */
function check(all: readonly Saw[], n: number): void {
  expect(all.map(({ rank }) => rank)).toEqual(ranks(n));
  for (const saw of all) {
    expect(saw).toMatchObject({ size: n, spent: true });
    expect(saw.hosts).toHaveLength(n);
    expect(saw.threads).toBeGreaterThanOrEqual(1);
    const { rank: _, ...same } = saw;
    const { rank: __, ...first } = all[0];
    expect(same).toEqual(first); // to the bit
    const sum = (n * (n + 1)) / 2;
    expect(saw.sums[1]).toBe(bits(new Float32Array(3).fill(sum)));
    expect(saw.sums[3]).toEqual([(n * (n - 1)) / 2, n, (-n * (n - 1)) / 2 || 0]);
    expect(saw.around).toEqual(new Array(7).fill(1)); // of the array that the window is of
    expect(saw.least).toEqual([
      [0, 1 - n || 0],
      [0, 6 - n],
    ]);
    expect(saw.bytes).toEqual([100_000, 0, 0]);
  }
  if (n > 2) return;
  const part = (rank: number): Float32Array =>
    Float32Array.from({ length: 1001 }, (_, i) => Math.sin(i + rank) / 3);
  const [first, second] = [part(0), part(1)];
  expect(all[0].sums[0]).toBe(bits(n === 1 ? first : first.map((x, i) => x + second[i])));
  expect(all[0].sums[2]).toBe(bits(Float64Array.of(n === 1 ? 0.1 : 0.1 + 0.2, n * 1e300)));
}

describe.skipIf(!OPEN)(`ranks ${NO_OPEN}`, () => {
  test.each([1, 2, 4])("%i of them", async (size) => {
    const { code, said, seen } = await job("calls", { size });
    expect([code, said]).toEqual([0, ""]);
    check(seen as readonly Saw[], size);
    expect(seen[0]).toMatchObject({ launcher: "mpirun of Open MPI" });
    expect((seen[0] as Saw).library).toMatch(/^Open MPI [45]/);
  });
  test("take nothing but arrays of numbers of the types that they know, and no NaN to compare", async () => {
    const { code, seen } = await job("wrong");
    const array = "expected a Float32Array, Float64Array or Int32Array";
    const message = (got: string): string => `ranks: ${array}, got ${got}; hand over such an array`;
    const wrong = ["ArrayBuffer", "Array", "undefined", "Uint32Array"].map(message);
    const nan = "ranks.least: expected numbers, got NaN at 0; say by a number that there is none";
    expect([code, seen]).toEqual([
      0,
      [
        [...wrong, nan],
        [...wrong, nan],
      ],
    ]);
  });
  test("that run the same program are told so, and one of another version is named", async () => {
    expect(await job("same")).toMatchObject({ code: 0, said: "" });
    const { code, said } = await job("differs", { size: 3 });
    expect(code).toBe(70);
    expect(said.match(/expected one program on all of them, got .*/g)).toEqual([
      expect.stringMatching(
        /got weightnorm 0\.1\.1 instead of 0\.1\.0 on rank 2 \(.+\) against rank 0 \(.+\); install the same everywhere$/,
      ),
    ]);
  });
});
describe.skipIf(!MPICH)(`ranks ${NO_MPICH}`, () => {
  test.each([1, 3])("%i of them", async (size) => {
    const { code, seen } = await job("calls", { launcher: "mpirun.mpich", size });
    expect(code).toBe(0);
    check(seen as readonly Saw[], size);
    expect(seen[0]).toMatchObject({ launcher: "mpirun of MPICH" });
  });
  test("leave the signals of V8 alone", async () => {
    const { code, seen } = await job("traps", { launcher: "mpirun.mpich", size: 1 });
    expect([code, seen]).toEqual([0, ["memory access out of bounds"]]);
  });
});

test("long arrays go in pieces, and one of nothing in one", () => {
  const lengths = (n: number, most: number): readonly number[] =>
    [...piecesOf(new Uint8Array(n), most)].map(({ length }) => length);
  expect([lengths(7, 3), lengths(6, 3), lengths(0, 3)]).toEqual([[3, 3, 1], [3, 3], [0]]);
  const all = Int32Array.of(1, 2, 3);
  for (const piece of piecesOf(all, 2)) piece.fill(9);
  expect([...all]).toEqual([9, 9, 9]);
});
test("what one says by itself", () => {
  expect(everyone(oneRank, "grüße")).toEqual(["grüße"]);
  expect(programText()).toMatch(
    /^weightnorm: \d.*\nNode: v\d.*\nonnxruntime: \d.*\ncode: [0-9a-f]{16}$/,
  );
  expect(() => sameProgram(oneRank)).not.toThrow();
});
