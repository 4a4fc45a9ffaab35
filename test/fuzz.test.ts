/** Two thousand damaged files: whatever reads them reads them or says what is wrong. More of them in bench/fuzz. */
import { expect, test } from "vitest";
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

test("a file is a function of its seed and number", () => {
  const [target] = targets;
  expect(damaged(target, 1, 5)).toEqual(damaged(target, 1, 5));
  const all = Array.from({ length: 20 }, (_, i) => damaged(target, 2, i).join());
  expect(new Set(all).size).toBeGreaterThan(15);
});
