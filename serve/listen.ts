/** The server on a port of this machine. */
import { randomBytes } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { UsageError } from "../runs/experiment.ts";
import type { Find } from "../runs/folder/index.ts";
import { reasonOf } from "../src/node/index.ts";
import { isLoopback, nameFor } from "./names.ts";
import { pageFiles } from "./page-files.ts";
import { serverOf } from "./server.ts";

export interface ListenOptions {
  /** Where the built page is. */
  readonly page: string;
  /** The folder of runs. */
  readonly folder?: string | undefined;
  /** 0 for any that is free; without it the first one from `PORT` on that is. */
  readonly port?: number | undefined;
  /** Default: this machine alone. */
  readonly host?: string | undefined;
  /** Asked for by whatever listens to other machines; made where none is given. */
  readonly token?: string | undefined;
  readonly find: Find;
  readonly explain?: (error: unknown) => string | undefined;
}
export interface Listening {
  /** With the token. */
  readonly url: string;
  close(): Promise<void>;
}

/** The paper's number begins so. */
export const PORT = 1602;
/** So many ports are tried. */
const TRIES = 20;
const HOST = "127.0.0.1";

export async function listen({
  page,
  folder,
  port,
  host = HOST,
  token = isLoopback(host) ? undefined : randomBytes(24).toString("base64url"),
  ...rest
}: ListenOptions): Promise<Listening> {
  const root = folder === undefined ? undefined : await folderAt(folder);
  const files = await pageFiles(page, { compress: !isLoopback(host) });
  const { app, close } = serverOf({
    ...{ files, host, ...rest },
    ...(root === undefined ? {} : { folder: root }),
    ...(token === undefined ? {} : { token }),
  });
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void answer(request, response));
  const bound = await bind(server, { host, port });
  const path = root === undefined ? "" : "runs.html";
  const query = token === undefined ? "" : `?token=${encodeURIComponent(token)}`;
  return {
    url: `http://${nameFor(host)}:${bound}/${path}${query}`,
    async close() {
      close();
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 500).unref(); // what somebody still downloads
      await closed;
    },
  };
}

async function folderAt(folder: string): Promise<string> {
  const info = await stat(folder).catch((error: unknown) => {
    throw new Error(
      `${folder}: expected a folder of runs, got ${reasonOf(error)}; check the path, or leave it away for the lab alone`,
      { cause: error },
    );
  });
  if (!info.isDirectory())
    throw new Error(`${folder}: expected a folder of runs, got a file; give the folder it is in`);
  return realpath(folder);
}

/** The port that it listens on. */
async function bind(
  server: HttpServer,
  { host, port }: { readonly host: string; readonly port: number | undefined },
): Promise<number> {
  const first = port ?? PORT;
  const tries = port === undefined ? TRIES : 1;
  for (let i = 0; ; i++)
    try {
      await new Promise<void>((done, fail) => {
        server.once("error", fail);
        server.listen(first + i, host, () => {
          server.off("error", fail);
          done();
        });
      });
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if (reasonOf(error) === "EADDRINUSE" && i + 1 < tries) continue;
      throw refusal(error, { host, port: first });
    }
}

function refusal(error: unknown, { host, port }: { host: string; port: number }): Error {
  const reason = reasonOf(error);
  if (reason === "EADDRINUSE")
    return new Error(
      `--port: expected one that is free, got ${port}, which something else listens on; choose another one, or leave --port away`,
      { cause: error },
    );
  if (reason === "EACCES")
    return new Error(
      `--port: expected one that may be used, got ${port}, which the system keeps for itself; choose one from 1024 on`,
      { cause: error },
    );
  return new UsageError(
    `--host: expected a name or an address of this machine, got ${reason} for "${host}"; leave it away for 127.0.0.1`,
  );
}
