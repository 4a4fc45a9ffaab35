/** A trial in a process of its own: training blocks the one that it runs in, and a queue wants to be answered. */
import { spawn, type ChildProcess } from "node:child_process";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "../../src/node/index.ts";
import { LEASH } from "./leash.ts";

export interface Child {
  /** Its exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Asks it to save and to stop. */
  stop(): void;
}

/** Starts a command whose words go to the end of a log file. It ends with this process, however this one ends. */
export async function startChild(command: readonly string[], log: string): Promise<Child> {
  await makeFolder(dirname(log));
  const file = await open(log, "a");
  let child: ChildProcess;
  try {
    child = spawn(command[0], command.slice(1), {
      stdio: ["ignore", file.fd, file.fd, "ipc"], // which closes when this process is gone
      env: { ...process.env, [LEASH]: "1" },
      detached: true, // Ctrl-C is for this process, which passes it on
    });
  } finally {
    await file.close();
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve(code));
  });
  return { ended, stop: () => void child.kill("SIGTERM") };
}
