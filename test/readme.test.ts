/** The README's code is compiled under `strict` and run. */
import { execFile } from "node:child_process";
import { mkdtemp, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const run = promisify(execFile);
const bin = (name: string): string => join(root, "node_modules", ".bin", name);
let folder = "";

beforeAll(async () => {
  // Inside the project, so that its dependencies are found.
  await mkdir(join(root, "node_modules", ".cache"), { recursive: true });
  folder = await mkdtemp(join(root, "node_modules", ".cache", "readme-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the quick start has at most 30 lines of code, passes strict type checking, and runs", async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const code = /```ts\n([^]*?)```/.exec(readme)?.[1] ?? "";
  expect(
    code
      .trim()
      .split("\n")
      .filter((line) => line.trim() !== "").length,
  ).toBeLessThanOrEqual(30);

  const local = code
    .replaceAll('"weightnorm/node"', '"../../../src/node/index.ts"')
    .replaceAll('"weightnorm"', '"../../../src/index.ts"');
  await writeFile(join(folder, "quick-start.ts"), local);
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const options = {
    ...(await compilerOptions()),
    isolatedDeclarations: false,
    declaration: false,
    rootDir: root,
  };
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, files: ["quick-start.ts"] }),
  );
  await run(bin("tsc"), ["-p", folder]);
  const { stdout } = await run(bin("tsx"), ["quick-start.ts"], { cwd: folder });

  const losses = [...stdout.matchAll(/loss ([\d.]+)/g)].map(([, loss]) => Number(loss));
  expect(losses).toHaveLength(5);
  expect(losses[4]).toBeLessThan(losses[0] / 10);
  expect(stdout).toContain("[ 32, 2 ]");
  expect((await stat(join(folder, "model.safetensors"))).size).toBeGreaterThan(1000);
}, 60_000);

async function compilerOptions(): Promise<Record<string, unknown>> {
  const text = await readFile(join(root, "tsconfig.json"), "utf8");
  return (JSON.parse(text) as { readonly compilerOptions: Record<string, unknown> })
    .compilerOptions;
}
