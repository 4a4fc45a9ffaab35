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

const words = process.argv.slice(2);
const [word, from, to] = words;
if (words.length === 0) await drawAll();
else if (words.length === 3 && word === "keep") {
  if (!(await keep(from, to))) process.stdout.write(`nothing is to be kept of ${from} yet\n`);
} else if (words.length === 3 && word === "back")
  process.stdout.write(`${await giveBack(from, to)} trials of ${from} were put into ${to}\n`);
else
  throw new Error(
    `evidence: expected nothing, keep SWEEP FOLDER, or back FOLDER SWEEP, got ${words.join(" ")}; try one of them`,
  );
