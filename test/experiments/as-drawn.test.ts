/** --as-drawn: what an experiment begins with when nothing is made of the data. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { parseLog } from "../../src/node/index.ts";
import { temporaryFolder, within } from "../cli/run.ts";

vi.setConfig({ testTimeout: 120_000 });
const folder = await temporaryFolder("drawn");
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Mean |w| over the units of every layer before the first step. */
async function lengths(...flags: readonly string[]): Promise<readonly number[]> {
  const out = join(folder, flags.join("") || "data");
  const size = ["--epochs", "1", "--train-size", "200", "--test-size", "10", "--threads", "1"];
  await within("train", "mnist", ...size, ...flags, "--quiet", "--out", out);
  const { records } = parseLog(await readFile(join(out, "log.jsonl")));
  const begun = records.find(({ type }) => type === "initialized");
  return (begun!["layers"] as readonly { readonly v: number }[]).map(({ v }) => v);
}

test("weights have the lengths of N(0, 0.05^2), and g is |v|, where the data would have scaled them", async () => {
  const [drawn, scaled, weight] = [
    await lengths("--arm", "plain", "--as-drawn"),
    await lengths("--arm", "plain"),
    await lengths("--arm", "weight", "--as-drawn"),
  ];
  expect(weight).toEqual(drawn); // the same w, as v
  const fanIn = 9; // of the first layer, one input map under 3x3
  expect(drawn[0] / (0.05 * Math.sqrt(fanIn))).toBeGreaterThan(0.85);
  expect(drawn[0] / (0.05 * Math.sqrt(fanIn))).toBeLessThan(1.1);
  expect(scaled[0]).toBeGreaterThan(1.5 * drawn[0]);
});
