/**
 * The whole truth: format, lint, types, tests; ends with `N passed, N failed`. With `--quick`, types and the tests that
 * are not slow.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { slow } from "./slow.ts";

const bin = join(import.meta.dirname, "..", "node_modules", ".bin");
const folder = mkdtempSync(join(tmpdir(), "weightnorm-test-"));
const report = join(folder, "vitest.json");

/** Whether a tool finds nothing. What it says comes in one piece, for others run beside it. */
const run = (name: string, ...args: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(join(bin, name), args, { shell: process.platform === "win32" });
    const output: Uint8Array[] = [Buffer.from(`${name} ${args.join(" ")}\n`)];
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (bytes: Uint8Array) => output.push(bytes));
    child.on("close", (status) => {
      process.stdout.write(Buffer.concat(output));
      resolve(status === 0);
    });
  });

/** Vitest fills the cores by itself and shows how far it is. */
const vitest = (...options: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const args = ["run", ...options, ...reporters];
    process.stdout.write(`vitest ${args.join(" ")}\n`);
    const shell = process.platform === "win32";
    spawn(join(bin, "vitest"), args, { stdio: "inherit", shell }).on("close", (status) =>
      resolve(status === 0),
    );
  });

/** Format and types take together as long as lint. */
async function all(): Promise<readonly boolean[]> {
  const lint = run("eslint", ".");
  const format = await run("prettier", "--check", "--log-level", "warn", ".");
  const types = (await run("tsc")) && (await run("tsc", "-p", "page"));
  return [format, await lint, types, await vitest()];
}
const quick = (): Promise<readonly boolean[]> =>
  Promise.all([
    run("tsc"),
    vitest(...slow.flatMap((path) => ["--exclude", path.replace(/\/$/, "/**")])),
  ]);

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly status: string;
    }[];
  }[];
}
const readReport = (): Report => JSON.parse(readFileSync(report, "utf8")) as Report;

/** The runtimes of the conformance suite, with their cases. */
function conformance(): string {
  const counted = new Map<string, { passed: number; failed: number; skipped: number }>();
  for (const { name, assertionResults } of readReport().testResults)
    if (name.replaceAll("\\", "/").includes("/test/conformance/"))
      for (const { ancestorTitles, status } of assertionResults) {
        const title = ancestorTitles.find((t) => t !== "") ?? "the cases of each op";
        const count = counted.get(title) ?? { passed: 0, failed: 0, skipped: 0 };
        count[status === "passed" || status === "failed" ? status : "skipped"]++;
        counted.set(title, count);
      }
  const width = Math.max(0, ...[...counted.keys()].map((title) => title.length));
  return [...counted]
    .map(
      ([title, { passed, failed, skipped }]) =>
        `${title.padEnd(width)}  ${passed} passed, ${failed} failed, ${skipped} skipped\n`,
    )
    .join("");
}

/** Tests are counted one by one; format, lint and types as a check each. */
function counts(checks: readonly boolean[]): {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
} {
  const others = checks.slice(0, -1);
  const passed = others.filter(Boolean).length;
  const failed = others.length - passed;
  try {
    const result = readReport();
    // A file that does not even load fails without a failed test.
    const broken = !checks.at(-1) && result.numFailedTests === 0 ? 1 : 0;
    return {
      passed: passed + result.numPassedTests,
      failed: failed + result.numFailedTests + broken,
      skipped: result.numPendingTests,
    };
  } catch {
    return { passed, failed: failed + 1, skipped: 0 };
  }
}

const { passed, failed, skipped } = counts(
  await (process.argv.includes("--quick") ? quick() : all()),
);
if (existsSync(report)) process.stdout.write(conformance());
rmSync(folder, { recursive: true, force: true });
if (skipped > 0) process.stdout.write(`${skipped} skipped, each saying why\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
