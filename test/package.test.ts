/** `npm ci` installs without a warning and without any network but npm's, with npm 10 and 11. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
async function read(file: string): Promise<unknown> {
  return JSON.parse(await readFile(join(root, file), "utf8"));
}
interface Lock {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
}
interface Manifest {
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

const { packages } = (await read("package-lock.json")) as Lock;
const scripted = Object.keys(packages).filter((path) => packages[path].hasInstallScript);

test("npm 10 runs what the lock file says has a script, and onnxruntime-node's would fetch CUDA libraries", () => {
  expect(packages).toHaveProperty(["node_modules/onnxruntime-node"]);
  expect(
    scripted,
    'delete "hasInstallScript" of node_modules/onnxruntime-node from package-lock.json',
  ).not.toContain("node_modules/onnxruntime-node");
});

test("npm 11 runs no script, and warns of none because each is refused by name", async () => {
  const { allowScripts } = (await read("package.json")) as Manifest;
  const names = scripted.map((path) => path.replace(/^.*node_modules\//, ""));
  expect(names.filter((name) => allowScripts[name] ?? true)).toEqual([]);
});
