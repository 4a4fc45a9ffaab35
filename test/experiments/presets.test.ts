/** Presets have the rates that did best where rates were tried. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { findExperiment } from "../../experiments/index.ts";
import type { MinibatchConfig } from "../../runs/minibatch/config.ts";
import { ratesOf } from "../../runs/rates.ts";
import { ARMS, type Results } from "../../runs/records.ts";

test.each([
  ["cifar10", "cifar10/results/rates", ARMS],
  ["vae", "vae/results/rates", ["plain", "weight"]],
  ["vae", "vae/results/as-drawn-rates", ["plain"]],
] as const)("small of %s has each arm's best rate in %s", async (name, folder, arms) => {
  const file = new URL(`../../experiments/${folder}/results.json`, import.meta.url);
  const { arms: tried } = JSON.parse(readFileSync(file, "utf8")) as Results;
  const experiment = (await findExperiment(name))!;
  const small = experiment.complete({ preset: "small" }, {}) as MinibatchConfig;
  expect(arms).toEqual(expect.arrayContaining(Object.keys(tried)));
  for (const arm of arms) expect(ratesOf(small, arm), arm).toEqual([tried[arm]!.lr]);
});
