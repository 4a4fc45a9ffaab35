/** Command lines by the thousand, most of them wrong: each ends with a code and a message of our form, and nothing is written elsewhere. */
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hash, keyOf } from "../../src/index.ts";
import { run } from "../../cli/program.ts";
import { tinyMnist } from "../kills/scenarios.ts";

export interface CommandsResult {
  readonly commands: number;
  /** By exit code. */
  readonly codes: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

const FLAGS = [
  ...["--arms", "--arm", "--seed", "--lr", "--epochs", "--batch-size", "--preset", "--optimizer"],
  ...[
    "--train-size",
    "--target",
    "--threads",
    "--data-dir",
    "--out",
    "--resume",
    "--json",
    "--quiet",
  ],
  ...[
    "--game",
    "--rom",
    "--frames",
    "--double",
    "--count",
    "--experiment",
    "--all",
    "--help",
    "--version",
  ],
  ...["-h", "--", "--nothing", "--lr=0.1", "--epochs=x", "---", "--out="],
];
const VALUES = [
  ...[
    "plain",
    "weight",
    "plain,weight",
    "batch,batch",
    "1",
    "0",
    "-1",
    "1e9",
    "1e400",
    "NaN",
    "0x10",
  ],
  ...["", " ", "small", "paper", "adam", "constructor", "__proto__", "breakout", "rom", "catch"],
  ...[
    "../../evil",
    "/proc/self/mem",
    "/dev/null",
    "/dev/zero",
    "\u0000",
    "\u001b[2J",
    "a".repeat(5000),
  ],
  ...[
    "done",
    "data",
    "missing",
    "done/checkpoints/weight-1.safetensors",
    "done/config.json",
    "out",
  ],
];
const COMMANDS = [
  ...["compare", "train", "eval", "report", "sample", "play", "inspect", "convert", "comapre", ""],
];
const EXPERIMENTS = ["mnist", "cifar10", "vae", "draw", "dqn", "cifar", "toString", "./missing.ts"];

/** A command line that trains no more than a moment, whatever it says. */
function line(number: number, seed: number): readonly string[] {
  const key = keyOf(seed, "commands", number);
  let drawn = 0;
  const choose = (n: number): number => Math.floor((hash(drawn++, key) / 2 ** 32) * n);
  const of = <T>(all: readonly T[]): T => all[choose(all.length)];
  const command = of(COMMANDS);
  const isTraining = command === "compare" || command === "train";
  const words = [command, ...(choose(8) > 0 ? [of(isTraining ? EXPERIMENTS : VALUES)] : [])];
  for (let n = choose(5); n > 0; n--) {
    words.push(of(FLAGS));
    if (choose(4) > 0) words.push(of(VALUES));
  }
  // What would train for long ends at its data; a run that may go on is a short one.
  return isTraining
    ? [...words, "--data-dir", of(["data", "missing", "empty"]), "--frames", "0"]
    : words;
}

const RAW =
  /Cannot read propert|is not a function|is not iterable|Maximum call stack|\[object |undefined|Invalid (?:array|string|typed)|ERR_[A-Z]|^\s+at /m;

/** Runs the command lines in a folder of their own; a process does, since it goes there. */
export async function fuzzCommands({
  commands,
  seed,
}: {
  readonly commands: number;
  readonly seed: number;
}): Promise<CommandsResult> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", fileURLToPath(import.meta.url), String(commands), String(seed)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  if (code !== 0) throw new Error(`fuzz: the process of command lines ended with code ${code}`);
  return JSON.parse(out) as CommandsResult;
}

async function inThisProcess(commands: number, seed: number): Promise<CommandsResult> {
  const folder = await mkdtemp(join(tmpdir(), "weightnorm-fuzz-"));
  const home = join(folder, "inner", "home");
  await mkdir(join(home, "empty"), { recursive: true });
  await tinyMnist(join(home, "data"), { train: 60, test: 20 });
  process.chdir(home);
  process.env["XDG_CACHE_HOME"] = join(home, "cache");
  const said = { stdout: "", stderr: "" };
  const real = { stdout: process.stdout.write, stderr: process.stderr.write };
  const capture = (on: boolean): void => {
    for (const name of ["stdout", "stderr"] as const)
      process[name].write = on
        ? (text: string | Uint8Array) => {
            said[name] += String(text);
            return true;
          }
        : real[name];
  };
  const codes: Record<string, number> = {};
  const faults: string[] = [];
  capture(true);
  const train = ["train", "mnist", "--batch-size", "20", "--data-dir", "data", "--threads", "1"];
  await run([...train, "--out", "done"]);
  await cp("done", "kept", { recursive: true });
  for (let number = 0; number < commands; number++) {
    const words = line(number, seed);
    Object.assign(said, { stdout: "", stderr: "" });
    const code = await run(words);
    codes[code] = (code in codes ? codes[code] : 0) + 1;
    const fault = faultOf(code, said.stderr);
    if (fault !== undefined)
      faults.push(
        `${JSON.stringify(words).slice(0, 300)}: ${fault}: ${JSON.stringify(said.stderr.slice(0, 300))}`,
      );
    if (number % 100 === 0) {
      await rm("done", { recursive: true, force: true });
      await cp("kept", "done", { recursive: true });
    }
  }
  capture(false);
  const outside = [...(await readdir(folder)), ...(await readdir(join(folder, "inner")))];
  if (outside.join() !== "inner,home")
    faults.push(`something was written outside: ${outside.join(", ")}`);
  process.chdir(tmpdir());
  await rm(folder, { recursive: true, force: true });
  return { commands, codes, faults };
}

function faultOf(code: number, stderr: string): string | undefined {
  if (![0, 1, 2].includes(code)) return `exit code ${code}`;
  if (code === 0) return undefined;
  if (RAW.test(stderr)) return "raw words";
  if (stderr.startsWith("Usage: ")) return undefined; // nothing was asked
  if (/[\u0000-\u0009\u000b-\u001f]/.test(stderr)) return "control characters";
  if (!/^weightnorm: .+: .+, got .*; .+\n$/s.test(stderr)) return "not of our form";
  return stderr.length > 1500 ? `${stderr.length} characters` : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [commands, seed] = process.argv.slice(2).map(Number);
  const result = await inThisProcess(commands, seed);
  process.stdout.write(JSON.stringify(result), () => process.exit(0));
}
