/** A server of made-up runs: the built page under the policy that it is served with, and streams that a test writes to. */
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { ListMessage, RunMessage, RunSummary } from "../../serve/api.ts";

export interface FakeRuns {
  readonly url: string;
  /** What a new listener to the list gets first. */
  list: Extract<ListMessage, { readonly type: "runs" }>;
  /** By id what a new listener to a run gets first. */
  readonly begun: Map<string, Extract<RunMessage, { readonly type: "begun" }>>;
  /** Whether streams are refused, as by a server that is gone. */
  isDown: boolean;
  /** Whether there is no such address, as on a server of static files. */
  isStatic: boolean;
  tellList(message: ListMessage): void;
  tell(id: string, message: RunMessage): void;
  /** Ends all streams. */
  cut(): void;
  /** Streams that are open, by address. */
  open(): readonly string[];
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  ...{ ".html": "text/html", ".js": "text/javascript", ".css": "text/css" },
};
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'";

/** Serves a folder of built files. */
export async function fakeRuns(folder: string): Promise<FakeRuns> {
  const streams = new Map<ServerResponse, string>();
  const write = (to: ServerResponse, message: unknown): void =>
    void to.write(`data: ${JSON.stringify(message)}\n\n`);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://fake");
    const stream = /^\/api\/runs(?:\/(?<id>[^/]+)\/events)?$/.exec(pathname);
    if (!stream || fake.isStatic) serve(folder, pathname, response);
    else if (fake.isDown) response.destroy();
    else answer(decodeURIComponent(stream.groups?.["id"] ?? ""), response);
  });
  /** The list where there is no id. */
  function answer(id: string, response: ServerResponse): void {
    const begun = id === "" ? fake.list : fake.begun.get(id);
    if (begun === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    streams.set(response, id);
    response.on("close", () => streams.delete(response));
    write(response, begun);
  }
  const tellTo = (name: string, message: unknown): void => {
    for (const [response, own] of streams) if (own === name) write(response, message);
  };
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const fake: FakeRuns = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    list: { type: "runs", folder: "runs", runs: [], reading: 0 },
    begun: new Map(),
    ...{ isDown: false, isStatic: false },
    tellList: (message) => tellTo("", message),
    tell: (id, message) => tellTo(id, message),
    cut() {
      for (const response of streams.keys()) response.destroy();
    },
    open: () => [...streams.values()],
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return fake;
}

function serve(folder: string, pathname: string, response: ServerResponse): void {
  try {
    const bytes = readFileSync(join(folder, normalize(pathname)));
    const type = TYPES[extname(pathname)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, "Content-Security-Policy": POLICY }).end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}

/** As many runs as are asked for, each with a name, a state and settings of its own. */
export function manySummaries(count: number, like: RunSummary): readonly RunSummary[] {
  const states = ["finished", "finished", "stopped", "running", "unreadable"] as const;
  return Array.from({ length: count }, (_, i): RunSummary => {
    const time = new Date(Date.parse("2030-01-01T00:00:00Z") + i * 60_000).toISOString();
    const state = states[i % states.length];
    return {
      ...like,
      ...{ id: `sweep/run-${String(i).padStart(4, "0")}`, startedAt: time, updatedAt: time, state },
      ...(state === "unreadable" ? { problem: "config.json: expected JSON, got {" } : {}),
      settings: [
        ...like.settings.filter(({ name }) => name !== "batch size"),
        { name: "batch size", value: `${50 + (i % 7)} images` },
      ],
      runs: like.runs.map((run, j) => ({
        ...run,
        step: state === "finished" ? run.steps : Math.floor((run.steps * (i % 10)) / 10),
        test: { error: 0.01 + ((i * 7 + j) % 100) / 5000 },
      })),
    };
  });
}
