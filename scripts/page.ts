/**
 * Builds the page into a folder, where what is there is older than what it is made of. The package's build does, and
 * `weightnorm page` of a clone.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { build } from "vite";

const root = join(import.meta.dirname, "..");
const [out = "dist/page"] = process.argv.slice(2);
const folder = resolve(root, out);
const print = join(folder, "made-of.txt");

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

const now = sources();
if (!existsSync(print) || readFileSync(print, "utf8") !== now) {
  process.stderr.write("building the page, which takes some seconds\n");
  const configFile = join(root, "page", "vite.config.ts");
  await build({ configFile, logLevel: "error", build: { outDir: folder } });
  writeFileSync(print, now);
}
