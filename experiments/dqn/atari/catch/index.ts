/** A game of this project's own, see catch.asm: with it, what plays Atari can be run where no ROM is at hand. */
import type { Door } from "../../../../runs/experiment.ts";

/** The bytes of a cartridge, and what messages call them. */
export interface Cartridge {
  readonly rom: Uint8Array;
  readonly where: string;
}

export async function catchRom({ asset }: Pick<Door, "asset">): Promise<Cartridge> {
  return { rom: await asset(new URL("catch.bin", import.meta.url)), where: "catch.bin" };
}
