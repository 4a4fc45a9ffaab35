/** The page and the runs of a folder over HTTP: what is asked for is found by exact names, and anything else is not there. */
import { join } from "node:path";
import { Hono, type Context } from "hono";
import type { Find } from "../runs/folder/index.ts";
import { runEvents } from "./events.ts";
import { openedFile } from "./file-stream.ts";
import { guard, type GuardOptions } from "./guard.ts";
import { runList } from "./list.ts";
import type { PageFiles } from "./page-files.ts";
import { dataHeaders, pageHeaders, reportHeaders } from "./policy.ts";
import { recordsOf, reportOf } from "./results.ts";
import { within, type Place } from "./runs.ts";
import { eventStream } from "./stream.ts";
import { checkpointsOf, type Known } from "./summary.ts";

export interface ServerOptions extends GuardOptions {
  readonly files: PageFiles;
  /** The folder of runs, a real path; without it there is the page alone. */
  readonly folder?: string;
  readonly find: Find;
  /** Says more of an error than its message does, e.g. what to install. */
  readonly explain?: (error: unknown) => string | undefined;
}
export interface Server {
  readonly app: Hono;
  /** Ends what streams; files are no longer looked at. */
  close(): void;
}

export function serverOf({ files, folder, find, explain, ...who }: ServerOptions): Server {
  const stop = new AbortController();
  const app = new Hono();
  app.use(guard(who));
  // The answer to GET without its body would have streams and files open that nobody ever reads.
  app.use("/api/*", async (context: Context, next) => {
    if (context.req.method !== "HEAD") return next();
    context.header("Allow", "GET");
    return refused(context, 405, "HEAD: expected GET, got another method; ask with GET");
  });
  const api =
    folder === undefined ? undefined : runsApi(app, { root: folder, find, signal: stop.signal });
  app.get("/api/*", (context) =>
    refused(
      context,
      404,
      api
        ? "address: expected one of what the server tells of runs, got another; see docs/guide/page.md"
        : "runs: expected a folder of runs, got none; start the server with one, as in weightnorm page runs",
    ),
  );
  app.get("*", (context) => page(context, files));
  app.onError((error, context) => refused(context, 500, explain?.(error) ?? error.message));
  return {
    app,
    close() {
      stop.abort();
      api?.close();
    },
  };
}

interface ApiOptions {
  readonly root: string;
  readonly find: Find;
  readonly signal: AbortSignal;
}
function runsApi(app: Hono, { root, find, signal }: ApiOptions): { readonly close: () => void } {
  const list = runList({ root, find });
  const events = runEvents(list);
  /** What is asked of a run, if there is one of that name that can be read. */
  const ofRun =
    (answer: (run: Known & Place, context: Context) => Response | Promise<Response>) =>
    async (context: Context): Promise<Response> => {
      const run = await list.look(context.req.param("id") ?? "");
      if (!run)
        return refused(
          context,
          404,
          "run: expected one of the folder, got none of that name; see the list",
        );
      if (run.summary.problem !== undefined) return refused(context, 409, run.summary.problem);
      return answer(run, context);
    };
  app.get("/api/runs", (context) => told(context, (c) => eventStream(c, list.join, { signal })));
  app.get(
    "/api/runs/:id/events",
    ofRun(({ id }, context) =>
      told(context, (c) => eventStream(c, (send) => events.join(id, send), { signal })),
    ),
  );
  app.get(
    "/api/runs/:id/results.json",
    ofRun(async (run, context) => {
      const results = await recordsOf(run, { find, events });
      if (typeof results === "string") return refused(context, 409, results);
      return told(context, (c) => c.json(results as object));
    }),
  );
  app.get(
    "/api/runs/:id/report",
    ofRun(async (run, context) => {
      const results = await recordsOf(run, { find, events });
      if (typeof results === "string") return refused(context, 409, results);
      const html = await reportOf(run.dir, results);
      return context.html(html, 200, { ...reportHeaders, "Cache-Control": "no-store" });
    }),
  );
  app.get(
    "/api/runs/:id/checkpoints/:file",
    ofRun(async ({ dir }, context) => {
      const file = context.req.param("file") ?? "";
      const names = await checkpointsOf(root, dir);
      const path = names.includes(file.replace(/\.safetensors$/, ""))
        ? await within(root, join(dir, "checkpoints", file))
        : undefined;
      const opened = path && (await openedFile(path, context.req.raw.signal));
      if (!opened)
        return refused(
          context,
          404,
          "checkpoint: expected one of the run, got none of that name; see the list",
        );
      return told(context, (c) =>
        c.body(opened.body, 200, {
          "Content-Type": "application/octet-stream",
          "Content-Length": String(opened.size),
          "Content-Disposition": "attachment",
        }),
      );
    }),
  );
  return {
    close() {
      events.close();
      list.close();
    },
  };
}

async function page(context: Context, files: PageFiles): Promise<Response> {
  const { req } = context;
  const name = req.path.endsWith("/") ? `${req.path}index.html` : req.path;
  const file = files.get(name);
  if (file === undefined || typeof file === "string")
    return refused(context, 404, file ?? "address: expected one of the page, got another; open /");
  for (const [header, value] of Object.entries(pageHeaders)) context.header(header, value);
  context.header("ETag", file.tag);
  context.header("Vary", "Accept-Encoding");
  context.header(
    "Cache-Control",
    file.isHashed ? "public, max-age=31536000, immutable" : "no-cache",
  );
  if (req.header("If-None-Match") === file.tag) return context.body(null, 304);
  const { bytes, encoding } = await file.bytes(req.header("Accept-Encoding") ?? "");
  if (encoding !== undefined) context.header("Content-Encoding", encoding);
  context.header("Content-Type", file.type);
  context.header("Content-Length", String(bytes.length));
  return context.body(bytes as Uint8Array<ArrayBuffer>);
}

/** Data, which nobody keeps. */
function told(context: Context, answer: (context: Context) => Response): Response {
  for (const [name, value] of Object.entries(dataHeaders)) context.header(name, value);
  context.header("Cache-Control", "no-store");
  return answer(context);
}

/** What is wrong, in our form, as JSON: whoever asked is a page. */
const refused = (context: Context, status: 404 | 405 | 409 | 500, message: string): Response =>
  told(context, (c) => c.json({ error: message }, status));
