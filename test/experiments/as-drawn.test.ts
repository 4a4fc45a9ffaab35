/** --as-drawn: what an experiment begins with when nothing is made of the data. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { parseLog } from "../../src/node/index.ts";
import { temporaryFolder, within } from "../cli/run.ts";

vi.setConfig({ testTimeout: 120_000 });
const folder = await temporaryFolder("drawn");
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Start {
  /** Means over the units of every layer. */
  readonly v: readonly number[];
  readonly g: readonly number[];
}
/** Lengths and scales before the first step. */
async function startOf(...flags: readonly string[]): Promise<Start> {
  const out = join(folder, flags.join("") || "data");
  const size = ["--epochs", "1", "--train-size", "200", "--test-size", "10", "--threads", "1"];
  await within("train", "mnist", ...size, ...flags, "--quiet", "--out", out);
  const { records } = parseLog(await readFile(join(out, "log.jsonl")));
  const begun = records.find(({ type }) => type === "initialized");
  const layers = begun!["layers"] as readonly { readonly v: number; readonly g: number }[];
  return { v: layers.map(({ v }) => v), g: layers.map(({ g }) => g) };
}

test("weights have the lengths of N(0, 0.05^2), and g is |v|, where the data would have scaled them", async () => {
  const [drawn, scaled, weight] = [
    await startOf("--arm", "plain", "--as-drawn"),
    await startOf("--arm", "plain"),
    await startOf("--arm", "weight", "--as-drawn"),
  ];
  expect(weight.v).toEqual(drawn.v); // the same w, as v
  weight.g.forEach((g, i) => expect(g).toBeCloseTo(weight.v[i], 5)); // and it stays the same function
  const expected = 0.05 * Math.sqrt(9); // of the first layer, one input map under 3x3
  expect(drawn.v[0] / expected).toBeGreaterThan(0.85);
  expect(drawn.v[0] / expected).toBeLessThan(1.1);
  expect(scaled.v[0]).toBeGreaterThan(1.5 * drawn.v[0]);
});

test("an experiment that never looks at the data has no such flag", async () => {
  const { code, stderr } = await within("train", "draw", "--as-drawn");
  expect([code, stderr]).toEqual([2, expect.stringContaining("--as-drawn")]);
});
