/** Some thousand damaged files: whatever reads them reads them or says what is wrong. More of them in bench/fuzz. */
import { expect, test } from "vitest";
import { checkpointTargets } from "../bench/fuzz/checkpoints.ts";
import { fuzzCommands } from "../bench/fuzz/commands.ts";
import { folderTargets } from "../bench/fuzz/folders.ts";
import { damaged, fuzzParsers } from "../bench/fuzz/parsers.ts";
import { targets } from "../bench/fuzz/targets.ts";

test.each(targets.map((target) => [target.name, target] as const))(
  "%s: what is damaged was whole",
  async (_, { samples, wrap = (content) => content, parse }) => {
    await parse(wrap(samples[0]), "f");
  },
);

test("damaged files are read or refused in our form", async () => {
  const { read, refused, by, faults } = await fuzzParsers({
    files: 2000,
    seed: 1,
    say: () => undefined,
  });
  expect(faults).toEqual([]);
  expect(read + refused).toBe(2000);
  for (const [name, counts] of Object.entries(by))
    if (name !== "log.jsonl") expect([name, counts.refused > 30]).toEqual([name, true]);
});

test("damaged files in a run's folder, too", async () => {
  const targets = await folderTargets();
  const { by, faults } = await fuzzParsers({ files: 800, seed: 1, say: () => undefined, targets });
  expect(faults).toEqual([]);
  for (const { read, refused } of Object.values(by))
    expect(Math.min(read, refused)).toBeGreaterThan(2);
}, 120_000);

test("damaged checkpoints of others, too, which are read to the end", async () => {
  const targets = await checkpointTargets();
  for (const { samples, parse } of targets) for (const sample of samples) await parse(sample, "f");
  const { by, faults } = await fuzzParsers({ files: 1400, seed: 1, say: () => undefined, targets });
  expect(faults).toEqual([]);
  for (const { read, refused } of Object.values(by))
    expect(Math.min(read, refused)).toBeGreaterThan(2);
}, 120_000);

test("wrong command lines end in our form, and write nothing elsewhere", async () => {
  const { commands, faults } = await fuzzCommands({ commands: 100, seed: 2 });
  expect(faults).toEqual([]);
  expect(commands).toBe(100);
}, 120_000);

test("a file is a function of its seed and number", () => {
  const [target] = targets;
  expect(damaged(target, 1, 5)).toEqual(damaged(target, 1, 5));
  const all = Array.from({ length: 20 }, (_, i) => damaged(target, 2, i).join());
  expect(new Set(all).size).toBeGreaterThan(15);
});
