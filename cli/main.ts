#!/usr/bin/env node
/** Where the command line starts: arguments in, exit code out. */
import { reasonOf } from "../src/node/files.ts";
import { lackOf, needsOf } from "./needs.ts";

// A reader who leaves early (`weightnorm ... | head`) is no failure, and must not end the training of a run.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: unknown) => {
    if (reasonOf(error) === "EPIPE") return;
    process.exitCode = 1;
    if (stream === process.stdout)
      process.stderr.write(
        `weightnorm: standard output: cannot write, got ${reasonOf(error)}; free some space or write elsewhere\n`,
      );
  });

/** What Node ends with where nothing is left to do, and something is still waited for. */
const NOTHING_LEFT = 13;
let ended = false;
process.on("exit", () => {
  if (!ended && (process.exitCode ?? NOTHING_LEFT) === NOTHING_LEFT)
    process.stderr.write(
      "weightnorm: expected the command to end, got a promise that nothing keeps; mend the experiment that waits for it\n",
    );
});
const args = process.argv.slice(2);
const lack = lackOf(needsOf(args));
if (lack !== undefined) process.stderr.write(`weightnorm: ${lack}\n`);
const code = lack === undefined ? await (await import("./program.ts")).run(args) : 1;
ended = true;
if (code !== 0) process.exitCode = code; // a failed write has left its own
