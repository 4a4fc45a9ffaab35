/** The whole truth: format, lint, types, tests; ends with `N passed, N failed`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const bin = (name: string): string => join(import.meta.dirname, "..", "node_modules", ".bin", name);
const run = (name: string, ...args: readonly string[]): boolean => {
  process.stdout.write(`${name} ${args.join(" ")}\n`);
  return (
    spawnSync(bin(name), args, { stdio: "inherit", shell: process.platform === "win32" }).status ===
    0
  );
};

const folder = mkdtempSync(join(tmpdir(), "weightnorm-test-"));
const report = join(folder, "vitest.json");
const checks = [
  run("prettier", "--check", "--log-level", "warn", "."),
  run("eslint", "."),
  run("tsc"),
  run("vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`),
];
const [vitest] = checks.slice(-1);

/** Tests are counted one by one; format, lint and types as a check each. */
function counts(): { readonly passed: number; readonly failed: number; readonly skipped: number } {
  const others = checks.slice(0, -1);
  const passed = others.filter(Boolean).length;
  const failed = others.length - passed;
  try {
    const result = JSON.parse(readFileSync(report, "utf8")) as {
      readonly numPassedTests: number;
      readonly numFailedTests: number;
      readonly numPendingTests: number;
    };
    // A file that does not even load fails without a failed test.
    const broken = !vitest && result.numFailedTests === 0 ? 1 : 0;
    return {
      passed: passed + result.numPassedTests,
      failed: failed + result.numFailedTests + broken,
      skipped: result.numPendingTests,
    };
  } catch {
    return { passed, failed: failed + 1, skipped: 0 };
  }
}

const { passed, failed, skipped } = counts();
rmSync(folder, { recursive: true, force: true });
if (skipped > 0) process.stdout.write(`${skipped} skipped, each saying why\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
