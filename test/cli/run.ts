/** The command line as its users run it, as a process or within this one, and a small MNIST that makes it quick. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { COMMAND_LINE, TSX } from "../../bench/processes.ts";
import { names } from "../../cli/experiments.ts";
import { run } from "../../cli/program.ts";
import { root } from "../source.ts";

export { bitsOf, readResults, type Bits } from "../../bench/kills/bits.ts";
export { FILES, prepare, tinyMnist } from "../../bench/kills/scenarios.ts";

export interface Finished {
  /** `null` where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves once standard error has `text`; rejects if the process ends before. */
  said(text: string): Promise<void>;
}

/** Starts `weightnorm ...args`. */
export function start(...args: readonly string[]): Started {
  const isOwn = args.some((arg) => arg.endsWith(".ts")); // an experiment in TypeScript
  const line = isOwn ? [...TSX, join(root, "cli", "main.ts")] : COMMAND_LINE;
  const child = spawn(process.execPath, [...line, ...args]);
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, ...said }));
  });
  return {
    child,
    finished,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (said.stderr.includes(text)) resolve();
        };
        child.stderr.on("data", look);
        look();
        finished.then(
          () => reject(new Error(`run: expected "${text}", got ${JSON.stringify(said)}`)),
          reject,
        );
      }),
  };
}

/** Runs `weightnorm ...args` to its end. */
export const weightnorm = (...args: readonly string[]): Promise<Finished> =>
  start(...args).finished;

/** The same without a process of its own: quicker, for what ends before it trains much. */
export const within = (...args: readonly string[]): Promise<Finished> =>
  spied(args, () => undefined);

/** The same, with Ctrl-C as soon as standard error has `text`. */
export const interrupted = (text: string, ...args: readonly string[]): Promise<Finished> => {
  let asked = false;
  return spied(args, (stderr) => {
    if (asked || !stderr.includes(text)) return;
    asked = true;
    process.emit("SIGINT");
  });
};

async function spied(args: readonly string[], onSaid: (stderr: string) => void): Promise<Finished> {
  const said = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      said[name] += String(text);
      onSaid(said.stderr);
      return true;
    }),
  );
  const { argv } = process;
  process.argv = [process.execPath, "weightnorm", ...args]; // config.json keeps it
  try {
    return { code: await run(args), ...said };
  } finally {
    process.argv = argv;
    for (const spy of spies) spy.mockRestore();
  }
}

/** Commands with the exit codes and messages that they end with; "TMP" is the folder. */
export async function transcript(
  folder: string,
  ...commands: readonly (readonly string[])[]
): Promise<string> {
  const lines: string[] = [];
  for (const args of commands) {
    const { code, stdout, stderr } = await within(...args);
    lines.push(`$ ${args.join(" ")}`, `${code}: ${stdout}${stderr.trimEnd()}`);
  }
  const text = lines.join("\n").replaceAll(folder, "TMP");
  return `\n${text.replaceAll(names.join(", "), "EXPERIMENTS")}\n`; // whichever there are
}

export const temporaryFolder = (name: string): Promise<string> =>
  mkdtemp(join(tmpdir(), `weightnorm-${name}-`));
