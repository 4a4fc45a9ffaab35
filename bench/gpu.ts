/** Steps by WebGPU beside the same machine's CPU: what bench/gpu.sh ends with. Arguments: the card's name, vitest's report of conformance, "small". */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { machine } from "../cli/world.ts";
import { textTable } from "../report/index.ts";
import type { Arm, Runtime } from "../src/index.ts";
import {
  nodeRuntime,
  placementInWords,
  webgpuRuntime,
  writeFileAtomic,
} from "../src/node/index.ts";
import { subjects } from "./subjects.ts";
import { timed } from "./timed.ts";

const [card = "unknown", reportFile = "", size] = process.argv.slice(2);
const isSmall = size === "small";
const batches = isSmall ? [2] : [100, 500];
const [warm, steps] = isSmall ? [1, 2] : [3, 10];
const names = isSmall ? (["mnist"] as const) : (["mnist", "cifar10"] as const);
const chosen: readonly Arm[] = ["plain", "weight"];

interface Row {
  readonly network: string;
  readonly arm: Arm;
  readonly batch: number;
  readonly on: string;
  readonly compileSeconds: number;
  /** The median step. */
  readonly milliseconds: number;
  readonly imagesPerSecond: number;
  readonly placement?: string;
}

async function measured(
  runtime: Runtime,
  { network, arm, batch }: Pick<Row, "network" | "arm" | "batch">,
): Promise<Pick<Row, "compileSeconds" | "milliseconds" | "imagesPerSecond">> {
  const subject = subjects[network as keyof typeof subjects];
  const step = await timed(runtime, { subject, arm, batch, width: 1 });
  await step.run(warm);
  const sorted = [...(await step.run(steps))].sort((a, b) => a - b);
  await step.release();
  const milliseconds = sorted[Math.floor(sorted.length / 2)];
  const { compileSeconds } = step;
  return { compileSeconds, milliseconds, imagesPerSecond: (1000 * batch) / milliseconds };
}

const rows: Row[] = [];
for (const network of names)
  for (const arm of chosen)
    for (const batch of batches) {
      const subject = { network, arm, batch };
      const there = webgpuRuntime();
      const found = await measured(there, subject);
      const placement = placementInWords(there.placement());
      rows.push({ ...subject, on: "webgpu", ...found, placement });
      rows.push({ ...subject, on: "cpu", ...(await measured(nodeRuntime(), subject)) });
    }

const { numPassedTests: passed = 0, numFailedTests: failed = 0 } = JSON.parse(
  readFileSync(reportFile, "utf8") || "{}",
) as { readonly numPassedTests?: number; readonly numFailedTests?: number };
const slug = card.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
const file = join(import.meta.dirname, "results", `gpu-${slug}.json`);
const result = { card, machine: machine(), conformance: { passed, failed }, rows };
if (!isSmall) await writeFileAtomic(file, `${JSON.stringify(result, null, 2)}\n`);
const one = (x: number): string => x.toFixed(1);
process.stdout.write(
  `${card}; conformance: ${passed} passed, ${failed} failed\n${textTable(
    ["network", "arm", "batch", "on", "ms a step", "images/s", "compile s", "nodes"],
    rows.map((r) => [
      ...[r.network, r.arm, String(r.batch), r.on, one(r.milliseconds), one(r.imagesPerSecond)],
      ...[one(r.compileSeconds), r.placement ?? "–"],
    ]),
  )}\n${isSmall ? "" : `${file}\n`}`,
);
