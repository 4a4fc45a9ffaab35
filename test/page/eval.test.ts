/** What a checkpoint is worth is said alike by the page and by `weightnorm eval`, whoever of them made it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import type { Values } from "../../runs/events.ts";
import { within } from "../cli/run.ts";
import { data, opened, trained, WISH } from "./lab.ts";

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "weightnorm-eval-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the command line says of a file. */
async function said(file: string): Promise<Values> {
  const { code, stdout, stderr } = await within("eval", file, "--data-dir", data, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  const [row] = JSON.parse(stdout) as readonly { readonly test: Values }[];
  return row.test;
}

test("a checkpoint that the page saves is worth the same on the command line", async () => {
  const page = opened();
  const begun = await page.lab.begin(WISH, { anew: false });
  await trained(page, begun);
  for (const key of begun.keys) {
    const { name, bytes } = await page.lab.save("checkpoint", key);
    const file = join(folder, name);
    writeFileSync(file, bytes);
    expect(await said(file)).toEqual(await page.lab.evaluate(key));
  }
});

test("one that the command line made is worth the same on the page", async () => {
  const out = join(folder, "run");
  const { asked } = WISH;
  const set = ["epochs", "batchSize", "trainSize", "testSize", "threads"].flatMap((name) => [
    `--${name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`,
    String(asked[name]),
  ]);
  const args = [...set, "--data-dir", data, "--out", out, "--quiet"];
  const { code } = await within("compare", "mnist", "--arms", "plain,weight", ...args);
  expect(code).toBe(0);
  for (const name of ["plain-1", "weight-1"]) {
    const file = join(out, "checkpoints", `${name}.safetensors`);
    const page = opened();
    const { begun } = await page.lab.open(`${name}.safetensors`, readFileSync(file), "wasm");
    const [key] = begun.keys;
    expect(await page.lab.evaluate(key)).toEqual(await said(file));
  }
});
