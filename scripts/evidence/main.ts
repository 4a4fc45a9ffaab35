/** `npm run -s evidence`: draws every figure and writes every table that is made of a results.json or a diagnosis.json under `experiments` anew. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { toPng } from "../../report/png.ts";
import { figuresOf, keptFiles, readmes, root } from "./files.ts";

/** Files that are as they should be keep their time. */
function write(path: string, content: string | Uint8Array): void {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file).equals(Buffer.from(content))) return;
  writeFileSync(file, content);
  process.stdout.write(`${path}\n`);
}

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
