/** Folders of runs that only count, a server for them without a port, and what it says. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { compare } from "../../runs/compare.ts";
import type { Event, Opened, RunEvent } from "../../runs/events.ts";
import { createRun, resumeRun, type Find } from "../../runs/folder/index.ts";
import { keysOf, nameOf } from "../../runs/rates.ts";
import type { RunConfig, Store } from "../../runs/store.ts";
import type { Config } from "../../runs/experiment.ts";
import type { PageFiles } from "../../serve/page-files.ts";
import { serverOf, type Server, type ServerOptions } from "../../serve/server.ts";
import { counting, machine, runOf, STEPS, world, type Counting } from "../runs/counting.ts";

export const experiment: ReturnType<typeof counting> = counting();
export const find: Find = (name) =>
  Promise.resolve(name === experiment.name ? experiment : undefined);
export const config = (asked: Partial<Counting> = {}): Counting => experiment.complete(asked, {});

const made: string[] = [];
const servers: Server[] = [];
afterAll(() => {
  for (const { close } of servers) close();
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that goes with the tests of a file. */
export function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "weightnorm-serve-")));
  made.push(path);
  return path;
}

/** A server that no port leads to. */
export function serverFor(
  root: string | undefined,
  options: Partial<ServerOptions> & { readonly files?: PageFiles } = {},
): Server {
  const server = serverOf({
    ...{ files: new Map(), host: "127.0.0.1", find },
    ...(root === undefined ? {} : { folder: root }),
    ...options,
  });
  servers.push(server);
  return server;
}
export const ask = async (
  { app }: Server,
  path: string,
  {
    headers = {},
    method = "GET",
  }: { readonly headers?: Readonly<Record<string, string>>; readonly method?: string } = {},
): Promise<Response> =>
  app.request(`http://localhost${path}`, { method, headers: { Host: "localhost", ...headers } });

export interface Hearing<M> {
  /** The next messages, until one fits. */
  until(fits: (message: M) => boolean): Promise<readonly M[]>;
  leave(): Promise<void>;
}
/** What a stream says. */
export async function hear<M>(server: Server, path: string): Promise<Hearing<M>> {
  const response = await ask(server, path);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  const waiting: M[] = [];
  return {
    async until(fits) {
      const heard: M[] = [];
      for (;;) {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          heard.push(next);
          if (fits(next)) return heard;
        }
        const { done, value } = await reader.read();
        if (done) throw new Error(`hear: the stream ended after ${JSON.stringify(heard)}`);
        const parts = (rest + value).split("\n\n");
        rest = parts.pop()!;
        for (const part of parts)
          if (part.startsWith("data: ")) waiting.push(JSON.parse(part.slice(6)) as M);
      }
    },
    leave: () => reader.cancel(),
  };
}

/** Trains a run in a folder to its end, as `weightnorm compare` does. */
export async function train(dir: string, asked: Partial<Counting> = {}): Promise<void> {
  const run = runOf(config(asked));
  const store = await createRun(dir, run, find);
  await raced(run, store);
}
/** Goes on with one, or with it for longer. */
export async function resume(dir: string, more: Partial<Counting> = {}): Promise<void> {
  const { run, store } = await resumeRun(dir, find, ({ run: before }) => ({
    ...before,
    config: { ...before.config, ...more },
    changes: Object.entries(more).map(([setting, to]) => ({
      ...{ time: "2026-01-02T00:00:00.000Z", setting, to, note: "", steps: {} },
      from: (before.config as Counting)[setting as keyof Counting],
    })),
  }));
  await raced(run, store);
}
async function raced(run: RunConfig<Config>, store: Store): Promise<void> {
  const encode = (): Promise<{ bytes: Uint8Array; extension: "png" }> =>
    Promise.resolve({ bytes: new Uint8Array([0x89, 0x50, 0x4e, 0x47]), extension: "png" });
  try {
    const field = await experiment.open(run.config as Counting, world);
    await compare({ experiment, field, run, store, world, machine, encode });
  } finally {
    await store.close();
  }
}

/** A run whose log says what it is told, in nobody's hands. */
export interface Written {
  readonly dir: string;
  write(...events: readonly Event[]): Promise<void>;
}
export async function written(dir: string, asked: Partial<Counting> = {}): Promise<Written> {
  const run = runOf(config(asked));
  await mkdir(dirname(dir), { recursive: true });
  await mkdir(dir);
  await writeFile(join(dir, "config.json"), JSON.stringify({ format: "weightnorm-run/2", ...run }));
  const log = join(dir, "log.jsonl");
  const write = (...events: readonly Event[]): Promise<void> =>
    appendFile(log, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  await write(await opened(run.config));
  return { dir, write };
}
export async function opened(of: Config): Promise<Opened> {
  const { sheet, facts } = await experiment.open(of as Counting, world);
  const steps = STEPS * (of as Counting).epochs;
  return {
    ...{ type: "opened", time: "2026-01-01T00:00:00.000Z", machine, facts, sheet },
    runs: keysOf(of).map((key) => ({ ...key, name: nameOf(of, key), step: 0, steps })),
  };
}
const key = { arm: "plain", seed: 1, lr: 0.1 } as const;
export const point = (step: number, of: { arm?: RunEvent["arm"] } = {}): RunEvent => ({
  ...{ ...key, ...of, type: "point", step, at: step / STEPS, seconds: step },
  ...{ values: { loss: 1 / step }, layers: [{ layer: "dense", v: 1, g: step, effectiveStep: 1 }] },
});
export const measured = (step: number, of: { arm?: RunEvent["arm"] } = {}): RunEvent => ({
  ...{ ...key, ...of, type: "measured", step, at: step / STEPS, seconds: step },
  ...{ test: { error: 1 / step } },
});
