/**
 * Builds the page into a folder, where what is there is older than what it is made of. The package's build does, and
 * `weightnorm page` of a clone.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative, resolve } from "node:path";
import { build } from "vite";

const root = join(import.meta.dirname, "..");
const [out = "dist/page"] = process.argv.slice(2);
const folder = resolve(root, out);
/** Where a build says what it was made of. */
const PRINT = "made-of.txt";

/** What it is made of, by names and times. */
function sources(): string {
  const hash = createHash("sha256");
  const places = ["page", "src", "runs", "experiments", "report", "serve"];
  for (const place of places)
    for (const entry of readdirSync(join(root, place), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || !/\.(tsx?|css|html|svg|bin)$/.test(entry.name)) continue;
      hash.update(`${relative(root, path)} ${statSync(path).mtimeMs}\n`);
    }
  hash.update(readFileSync(join(root, "package-lock.json")));
  return hash.digest("hex");
}

/** Built beside it and put there whole: several may build at once, and a build that fails leaves what was there. */
async function built(now: string): Promise<void> {
  const beside = `${folder}.${process.pid}`;
  try {
    const configFile = join(root, "page", "vite.config.ts");
    await build({ configFile, logLevel: "error", build: { outDir: beside } });
    writeFileSync(join(beside, PRINT), now);
    put(beside);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}
function put(beside: string): void {
  const before = `${beside}.before`;
  try {
    renameSync(folder, before);
  } catch {
    // there was none, or somebody else has just moved it away
  }
  try {
    renameSync(beside, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // else somebody has just built the same
  } finally {
    rmSync(before, { recursive: true, force: true });
  }
}

const now = sources();
const print = join(folder, PRINT);
if (!existsSync(print) || readFileSync(print, "utf8") !== now) {
  process.stderr.write("building the page, which takes some seconds\n");
  await built(now).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
