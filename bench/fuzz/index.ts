/** Damaged files and wrong command lines by the thousand: each is read, or refused in our words, and nothing is written elsewhere. */
import { fuzzCommands, type CommandsResult } from "./commands.ts";
import { folderTargets } from "./folders.ts";
import { fuzzParsers, type FuzzResult } from "./parsers.ts";
import { targets } from "./targets.ts";

export interface Fuzz {
  readonly files: Omit<FuzzResult, "faults">;
  readonly lines: Omit<CommandsResult, "faults">;
  /** What went wrong, each in a line. */
  readonly faults: readonly string[];
}

export interface FuzzCounts {
  readonly files: number;
  readonly commands: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export async function fuzz({ files, commands, seed, say }: FuzzCounts): Promise<Fuzz> {
  const all = [...targets, ...(await folderTargets())];
  const { faults: bad, ...read } = await fuzzParsers({ files, seed, say, targets: all });
  const { faults: wrong, ...lines } = await fuzzCommands({ commands, seed });
  const told = bad.map(
    ({ target, number, why, message }) => `${target}, file ${number}: ${why}: ${message}`,
  );
  return { files: read, lines, faults: [...told, ...wrong] };
}
