/**
 * What it takes to look at a thousand runs and at a log of 100 MB by the server: how long until all is listed, until a run is
 * drawn and drawn again, and how much memory it holds at most.
 */
import { appendFile, mkdir, mkdtemp, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findExperiment } from "../experiments/index.ts";
import { nameOf, keysOf } from "../runs/rates.ts";
import type { Config } from "../runs/experiment.ts";
import { serverOf } from "../serve/server.ts";

export interface ServeBench {
  readonly runs: number;
  readonly logMegabytes: number;
  readonly listSeconds: number;
  readonly againSeconds: number;
  readonly watchSeconds: number;
  readonly watchedMegabytes: number;
  readonly rewatchSeconds: number;
  readonly growthSeconds: number;
  readonly reportSeconds: number;
  readonly peakMebibytes: number;
}

const LINES_AT_ONCE = 5000;

export async function benchServe({
  runs = 1000,
  megabytes = 100,
}: { readonly runs?: number; readonly megabytes?: number } = {}): Promise<ServeBench> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "weightnorm-bench-serve-")));
  try {
    const experiment = (await findExperiment("mnist"))!;
    const config = experiment.complete({ preset: "small", ...{ trainSize: 6000, threads: 1 } }, {});
    for (let i = 0; i < runs; i++) await writeRun(join(root, `some/${i}`), config, 200_000);
    await writeRun(join(root, "long"), config, megabytes * 1e6);
    const { size } = await stat(join(root, "long/log.jsonl"));
    const { app, close } = serverOf({
      ...{ files: new Map(), host: "127.0.0.1", folder: root, find: findExperiment },
    });
    const ask = async (path: string): Promise<Response> =>
      app.request(`http://localhost/api/${path}`, { headers: { Host: "localhost" } });
    /** Seconds until a stream has told something so often, and how much it said. */
    const until = async (
      path: string,
      of: RegExp,
      meanwhile?: () => Promise<void>,
    ): Promise<{ readonly seconds: number; readonly bytes: number }> => {
      let began = performance.now();
      const reader = (await ask(path)).body!.pipeThrough(new TextDecoderStream()).getReader();
      let left = Infinity;
      let bytes = 0;
      for (let rest = ""; left > 0;) {
        const { value = "", done } = await reader.read();
        if (done) throw new Error(`bench: ${path} was expected to go on, got its end`);
        bytes += value.length;
        const messages = (rest + value).split("\n\n");
        rest = messages.pop()!;
        for (const message of messages) {
          if (left === Infinity) {
            left = Number(/"reading":(\d+)\}$/.exec(message)?.[1] ?? (meanwhile ? 1 : 0));
            if (!meanwhile) continue;
            began = performance.now();
            await meanwhile();
          } else if (of.test(message)) left--;
        }
      }
      await reader.cancel();
      return { seconds: (performance.now() - began) / 1000, bytes };
    };
    const list = await until("runs", /"type":"run"/);
    const again = await until("runs", /"type":"run"/);
    const watch = await until("runs/long/events", /"type":"begun"/);
    const rewatch = await until("runs/long/events", /"type":"begun"/);
    const growth = await until("runs/long/events", /"type":"events"/, () =>
      appendFile(join(root, "long/log.jsonl"), lineOf(config, 0, 1e6)),
    );
    const began = performance.now();
    await (await ask("runs/long/report")).text();
    const reportSeconds = (performance.now() - began) / 1000;
    close();
    return {
      ...{ runs: runs + 1, logMegabytes: size / 1e6, reportSeconds },
      ...{ listSeconds: list.seconds, againSeconds: again.seconds, growthSeconds: growth.seconds },
      ...{ watchSeconds: watch.seconds, watchedMegabytes: watch.bytes / 1e6 },
      ...{ rewatchSeconds: rewatch.seconds },
      peakMebibytes: process.resourceUsage().maxRSS / 1024,
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

export const serveText = (b: ServeBench): string =>
  [
    `${b.runs} runs, one with a log of ${b.logMegabytes.toFixed(0)} MB`,
    `listed in ${b.listSeconds.toFixed(2)} s, again in ${b.againSeconds.toFixed(2)} s`,
    `the long one watched in ${b.watchSeconds.toFixed(2)} s (${b.watchedMegabytes.toFixed(2)} MB sent), again in ${b.rewatchSeconds.toFixed(2)} s`,
    `a new event of it after ${b.growthSeconds.toFixed(2)} s, its report after ${b.reportSeconds.toFixed(2)} s`,
    `at most ${b.peakMebibytes.toFixed(0)} MiB of memory`,
  ].join("\n");

/** A run of any length, its arms in turns of a hundred points. */
async function writeRun(dir: string, config: Config, bytes: number): Promise<void> {
  await mkdir(dir, { recursive: true });
  const about = { experiment: "mnist", command: "bench", startedAt: "2026-01-01T00:00:00.000Z" };
  await writeFile(
    join(dir, "config.json"),
    JSON.stringify({ format: "weightnorm-run/2", ...about, config, places: {}, changes: [] }),
  );
  const log = join(dir, "log.jsonl");
  await writeFile(log, `${JSON.stringify(openedOf(config))}\n`);
  const arms = config.arms.length;
  let lines: string[] = [];
  for (let i = 0, size = 0; size < bytes; i++) {
    const turn = Math.floor(i / 100);
    const line = lineOf(config, turn % arms, Math.floor(turn / arms) * 100 + (i % 100) + 1);
    lines.push(line);
    size += line.length;
    if (lines.length < LINES_AT_ONCE && size < bytes) continue;
    await appendFile(log, lines.join(""));
    lines = [];
  }
}

function lineOf(config: Config, arm: number, step: number): string {
  const key = keysOf(config)[arm];
  const at = { ...key, step, at: step / 100, seconds: step / 50 };
  const layers = ["conv1", "conv2", "conv3", "dense1", "dense2"].map((layer) => ({
    ...{ layer, v: 1 + step * 1e-6, g: 1 - step * 1e-6, effectiveStep: 0.001 / step },
  }));
  const point = { type: "point", ...at, values: { loss: 1 / step }, layers };
  const test = { type: "measured", ...at, test: { error: 1 / step, loss: 1 / step } };
  return `${JSON.stringify(point)}\n${step % 100 === 0 ? `${JSON.stringify(test)}\n` : ""}`;
}

const openedOf = (config: Config): object => ({
  ...{ type: "opened", time: "2026-01-01T00:00:00.000Z", facts: [] },
  machine: { cpu: "", cores: 1, memoryGiB: 1, platform: "", node: "", runtime: "" },
  sheet: {
    axis: { name: "epoch", per: 1 },
    measures: [{ key: "error", unit: "%", scale: 100, digits: 2, better: "lower" }],
    panels: [
      { title: "Loss", from: "points", key: "loss", unit: "", scale: 1, axis: "log", by: ["at"] },
    ],
    ...{ table: [], layers: ["v", "g"], work: { unit: "images", perStep: 100, step: "steps" } },
    ...{ tested: { count: 10_000, unit: "images" }, pictures: "Pictures", notes: {} },
  },
  runs: keysOf(config).map((key) => ({
    ...{ ...key, name: nameOf(config, key), step: 0, steps: 1e9 },
  })),
});
