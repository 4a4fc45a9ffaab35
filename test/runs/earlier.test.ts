/** Runs of earlier versions: they are read by every command, and go on as the version that began them would have. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { Results } from "../../runs/records.ts";
import { readResults, within } from "../cli/run.ts";
import { fixtures } from "./fixtures.ts";

vi.setConfig({ testTimeout: 120_000 });

const { folder, copyOf, goesOn } = await fixtures();
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a finished run", () => {
  test.each(["mnist-finished", "mnist-grid-finished", "vae-finished"])(
    "%s is reported",
    async (name) => {
      const dir = await copyOf(name, `report-${name}`);
      const old = await readResults(dir);
      const { code, stdout, stderr } = await within("report", dir, "--json");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const results = JSON.parse(stdout) as Results;
      expect(results.format).toBe("weightnorm-results/3");
      expect(Object.keys(results.arms)).toEqual(Object.keys(old.arms));
      expect(await readResults(dir)).toEqual(old); // it is only read
      const page = await readFile(join(dir, "report.html"), "utf8");
      expect(page).not.toMatch(/undefined|NaN|\[object/);
    },
  );

  test("in which a rate diverged is reported with that", async () => {
    const dir = await copyOf("results-diverged");
    expect(await within("report", dir)).toMatchObject({ code: 0, stderr: "" });
    expect(await readFile(join(dir, "report.html"), "utf8")).toContain("diverged");
  });

  test("is asked for again: its report", async () => {
    const dir = await copyOf("mnist-finished", "again");
    expect(await within("compare", "mnist", "--resume", dir)).toMatchObject({
      code: 0,
      stderr: "",
    });
  });

  test("is tested, inspected and sampled from", async () => {
    const mnist = await copyOf("mnist-finished", "tested");
    const evaluated = await within("eval", mnist, "--json");
    const old = (await readResults(mnist)) as unknown as {
      readonly arms: Record<
        string,
        { readonly runs: readonly { readonly epochs: readonly { readonly test: object }[] }[] }
      >;
    };
    const rows = JSON.parse(evaluated.stdout) as readonly {
      readonly arm: string;
      readonly test: Record<string, number>;
    }[];
    for (const { arm, test: now } of rows) {
      const before = old.arms[arm].runs[0].epochs.at(-1)!.test as Record<string, number>;
      expect(now["error"]).toBeCloseTo(before["error"], 2); // a share of 20 images
    }
    const checkpoint = join(mnist, "checkpoints", "weight-1.safetensors");
    expect((await within("inspect", checkpoint)).stdout).toMatch(/^conv1( +[\d.e-]+){3}$/m);
    const vae = await copyOf("vae-finished", "sampled");
    expect(await within("sample", vae, "--count", "4")).toMatchObject({ code: 0, stderr: "" });
  });
});

test("an unfinished run is reported from its checkpoints, as far as all have got", async () => {
  const dir = await copyOf("mnist-unfinished", "report-unfinished");
  const { code, stdout } = await within("report", dir, "--json");
  expect(code).toBe(0);
  const { soFar, arms } = JSON.parse(stdout) as Results;
  expect(soFar).toEqual({ at: 1, of: 2 });
  expect(arms.weight!.runs[0].points).toHaveLength(6);
});

describe("an unfinished run goes on as the version that began it would have", () => {
  test.each([
    ["mnist", "mnist-unfinished"],
    ["draw", "draw-unfinished"],
  ])("%s", goesOn);
});
