// What is read next to a module, and tsc does not know of.
import { cpSync } from "node:fs";

for (const file of ["experiments/dqn/atari/catch/catch.bin"])
  cpSync(new URL(`../${file}`, import.meta.url), new URL(`../dist/${file}`, import.meta.url));
