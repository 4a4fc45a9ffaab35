/** Packages that only the command line needs: whoever uses the library does without them, and is told here what to install. */
import { createRequire } from "node:module";
import { manifest } from "./manifest.ts";

/** What its commands need, all of them together. */
export const NEEDS: readonly string[] = [
  "@expo-google-fonts/source-sans-3",
  "@resvg/resvg-js",
  "cli-progress",
  "cli-table3",
  "csv-parse",
  "onnxruntime-node",
  "sharp",
  "vega",
  "vega-interpreter",
  "vega-lite",
];

/** What the spectra of diagnose need beside these. */
export const SPECTRA: readonly string[] = ["ml-matrix"];

/** What a queue needs beside these. */
export const QUEUE: readonly string[] = ["bullmq", "ioredis"];

const RUNTIME = "onnxruntime-node";
/** What a command cannot do without; of others it says so where it comes to need them, as a table's reader and pictures do. */
const OF_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  compare: NEEDS,
  train: NEEDS,
  report: NEEDS.filter((name) => name !== "sharp" && name !== "csv-parse"),
  diagnose: [...NEEDS.filter((name) => name !== "sharp" && name !== "csv-parse"), ...SPECTRA],
  eval: ["cli-progress", "cli-table3", RUNTIME],
  predict: ["cli-progress", "cli-table3", RUNTIME],
  sample: [RUNTIME, "sharp"],
  play: [RUNTIME, "sharp"],
  inspect: ["cli-table3"],
  convert: [],
  "sweep run": NEEDS,
  "sweep report": NEEDS.filter((name) => name !== "sharp" && name !== "csv-parse"),
  "sweep work": [...NEEDS, ...QUEUE],
};

/** The needs of a command line, without the program's name. */
export function needsOf(args: readonly string[]): readonly string[] {
  const command = args.slice(0, args[0] === "sweep" ? 2 : 1).join(" ");
  const isHelp = args.includes("--help") || args.includes("-h");
  return isHelp || !Object.hasOwn(OF_COMMANDS, command) ? [] : OF_COMMANDS[command];
}

/** What to say of the needs that are not there; undefined where all are. */
export function lackOf(
  needs: readonly string[] = NEEDS,
  isThere: (name: string) => boolean = isInstalled,
): string | undefined {
  const missing = needs.filter((name) => !isThere(name));
  if (missing.length === 0) return undefined;
  const { peerDependencies } = manifest();
  const line = missing.map((name) => `${name}@${peerDependencies[name] ?? "latest"}`).join(" ");
  return `packages: expected those that only the command line needs, got ${missing.length} missing; run npm install ${line}`;
}

/** The same of an import that failed: undefined where it was not for want of an optional package of ours. */
export function lackIn(error: unknown): string | undefined {
  const { code, message = "" } = error as { readonly code?: string; readonly message?: string };
  if (code !== "ERR_MODULE_NOT_FOUND") return undefined;
  const name = /^Cannot find package '((?:@[^/']+\/)?[^/']+)/.exec(message)?.[1] ?? "";
  return name in manifest().peerDependencies ? lackOf([name], () => false) : undefined;
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return true;
  } catch (error) {
    return (error as { readonly code?: string }).code !== "MODULE_NOT_FOUND"; // there, and private
  }
}
