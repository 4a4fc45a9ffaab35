/**
 *   npm run -s evidence                        # draws every figure and writes every table of a results.json or diagnosis.json under `experiments` anew
 *   npm run -s evidence -- keep SWEEP FOLDER   # before that, puts what is done of a sweep into a folder there
 *   npm run -s evidence -- back FOLDER SWEEP   # gives a sweep the trials that were kept, to go on with the others, on any machine
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { toPng } from "../../report/png.ts";
import { figuresOf, keptFiles, readmes, root } from "./files.ts";
import { giveBack, keep } from "./kept.ts";

/** Files that are as they should be keep their time. */
function write(path: string, content: string | Uint8Array): void {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file).equals(Buffer.from(content))) return;
  writeFileSync(file, content);
  process.stdout.write(`${path}\n`);
}

async function drawAll(): Promise<void> {
  for (const path of keptFiles()) {
    for (const [name, svg] of await figuresOf(path)) {
      const at = join(dirname(path), name);
      const png = at.replace(/svg$/, "png");
      if (svg === undefined) {
        for (const old of [at, png]) rmSync(join(root, old), { force: true });
        continue;
      }
      write(at, svg);
      write(png, await toPng(svg));
    }
  }
  for (const [path, { made }] of await readmes()) write(path, made);
}

/** Does what words ask for, and gives what is to be said of it. */
async function done(words: readonly string[]): Promise<string> {
  const [word, from, to] = words;
  if (words.length === 3 && word === "keep")
    return (await keep(from, to))
      ? `what is done of ${from} is kept in ${to}\n`
      : `nothing of ${from} is to be kept yet\n`;
  if (words.length === 3 && word === "back")
    return `${await giveBack(from, to)} trials of ${from} were put into ${to}\n`;
  if (words.length > 0)
    throw new Error(
      `evidence: expected nothing, keep SWEEP FOLDER, or back FOLDER SWEEP, got ${words.join(" ")}; try one of them`,
    );
  await drawAll();
  return "";
}

try {
  process.stdout.write(await done(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
