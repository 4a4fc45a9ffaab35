/** A game of this project's own, see catch.asm: with it, what plays Atari can be run where no ROM is at hand. */
import { readFile } from "node:fs/promises";

export const catchRom = (): Promise<Uint8Array> => readFile(new URL("catch.bin", import.meta.url));
