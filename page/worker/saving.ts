/** What a page gives to be kept as files: the same bytes that the command line would write. */
import { alone } from "../../runs/compare.ts";
import { settingsOf } from "../../runs/described.ts";
import type { Event, RunKey } from "../../runs/events.ts";
import type { Config } from "../../runs/experiment.ts";
import { aboutFile, tried } from "../../runs/exporting.ts";
import { nameOf } from "../../runs/rates.ts";
import type { Results } from "../../runs/records.ts";
import { resultsOf } from "../../runs/results.ts";
import type { RunConfig } from "../../runs/store.ts";
import { encodeCheckpoint, exportModel, type Checkpoint } from "../../src/index.ts";
import type { Saving } from "./protocol.ts";
import type { Subject } from "./training.ts";

/** A run with its last checkpoint. */
export interface One {
  readonly key: RunKey;
  readonly checkpoint: Checkpoint;
}

export const checkpointFile = (
  { config }: RunConfig<Config>,
  { key, checkpoint }: One,
): Saving => ({
  name: `${nameOf(config, key)}.safetensors`,
  bytes: encodeCheckpoint(checkpoint),
  type: "application/octet-stream",
});

/** Examples that the file is tried on. */
const TRIED = 3;

export async function onnxFile(
  { experiment, world }: Subject,
  { config }: RunConfig<Config>,
  { key, checkpoint: { state, step } }: One,
): Promise<Saving> {
  if (!experiment.exported)
    throw new Error(
      `${experiment.name}: expected a model that answers examples, got one that has no such file; save its checkpoint`,
    );
  const made = await experiment.exported({ key, state, step, world, config: alone(config, key) });
  const bytes = exportModel(
    (size) => made.outputs(size),
    made.state,
    aboutFile(made, { experiment, arm: key.arm }),
  );
  const runtime = world.runtime(config.threads);
  await tried(bytes, made, { count: TRIED, half: false, runtime, against: runtime });
  return { name: `${nameOf(config, key)}.onnx`, bytes, type: "application/octet-stream" };
}

const text = (name: string, content: string, type: string): Saving => ({
  ...{ name, bytes: new TextEncoder().encode(content), type },
});

const resultsSoFar = (
  { experiment }: Subject,
  run: RunConfig<Config>,
  events: readonly Event[],
): Results => resultsOf({ ...run, settings: settingsOf(experiment) }, events, experiment.name);

export const resultsFile = (...of: Parameters<typeof resultsSoFar>): Saving =>
  text("results.json", `${JSON.stringify(resultsSoFar(...of), null, 2)}\n`, "application/json");

/** Vega comes with it, so it is loaded only now. */
export async function reportFile(...of: Parameters<typeof resultsSoFar>): Promise<Saving> {
  const { reportOf } = await import("../../report/report.ts");
  const { html } = await reportOf(resultsSoFar(...of));
  return text("report.html", html, "text/html");
}
