/** A Redis of one's own, as Debian has it, that keeps what it was told. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createServer, connect } from "node:net";

export interface RedisServer {
  readonly url: string;
  /** Ends it at once and starts it again on the same files, after so many milliseconds. */
  restart(after?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Whether there is a redis-server to start. */
export const hasRedis = (): boolean =>
  spawnSync("redis-server", ["--version"], { stdio: "ignore" }).status === 0;

/** Starts one with its files in `folder`. */
export async function startRedis(folder: string): Promise<RedisServer> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const begin = async (): Promise<ChildProcess> => {
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
    const server = spawn("redis-server", [...args, "--appendonly", "yes"], { stdio: "ignore" });
    for (let tries = 0; !(await answers(port)); tries++) {
      if (tries > 100) throw new Error("redis-server: expected an answer within 10 s, got none");
      await wait(100);
    }
    return server;
  };
  let server = await begin();
  const end = (signal: NodeJS.Signals): Promise<void> =>
    new Promise((resolve) => {
      server.once("exit", () => resolve());
      server.kill(signal);
    });
  return {
    url: `redis://127.0.0.1:${port}`,
    async restart(after = 500) {
      await end("SIGKILL");
      await wait(after);
      server = await begin();
    },
    stop: () => end("SIGTERM"),
  };
}

/** Milliseconds. */
export const wait = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms));

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? address!.port : 0));
    });
  });

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    const answer = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once("data", (bytes) => answer(String(bytes).startsWith("+PONG")));
    socket.once("error", () => answer(false));
  });
