/** PyTorch in a process of its own, one line of JSON to and fro; absent where it is not installed. */
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Order {
  readonly arm: string;
  readonly batch: number;
  readonly width: number;
  readonly steps: number;
  readonly threads: number;
  readonly variant?: string;
}
export interface Peer {
  readonly version: string;
  /** Milliseconds of each step. */
  run(order: Order): Promise<readonly number[]>;
  close(): void;
}

/** Debian's python3-torch belongs to the system's Python, which need not be the first on the path. */
const PYTHONS = ["/usr/bin/python3", "python3"];

const started = new Set<Peer>();

/** Ends all peers, or they would wait for orders, and this process for them, after an error. */
export const closePeers = (): void => {
  for (const peer of started) peer.close();
};

export async function startPeer(script: string): Promise<Peer | undefined> {
  const python = PYTHONS.find((p) => spawnSync(p, ["-c", "import torch"]).status === 0);
  if (python === undefined) return undefined;
  const child = spawn(python, [fileURLToPath(new URL(`peers/${script}`, import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => {
    const next: IteratorResult<string, unknown> = await answers.next();
    if (next.done)
      throw new Error(
        `bench: ${script} ended early, got exit code ${child.exitCode ?? "none"}; run it by hand to see why`,
      );
    return JSON.parse(next.value) as Record<string, unknown>;
  };
  const { version } = await answer();
  const peer: Peer = {
    version: `PyTorch ${String(version)}`,
    async run(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return (await answer())["milliseconds"] as readonly number[];
    },
    close: () => child.stdin.end(),
  };
  started.add(peer);
  return peer;
}
