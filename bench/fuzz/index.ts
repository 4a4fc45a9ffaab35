/** Damaged files and wrong command lines by the thousand: each is read, or refused in our words, and nothing is written elsewhere. */
import { checkpointTargets } from "./checkpoints.ts";
import { fuzzCommands, type CommandsResult } from "./commands.ts";
import { folderTargets } from "./folders.ts";
import { fuzzParsers, type Fault, type FuzzResult } from "./parsers.ts";
import { modelTargets, targets } from "./targets.ts";

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

export type FuzzedCheckpoints = Omit<Fuzz, "lines">;

/** So many damaged files of each format that is somebody else's: what `weightnorm convert` reads, and models to import. */
export async function fuzzCheckpoints({
  files,
  seed,
  say,
}: Omit<FuzzCounts, "commands">): Promise<FuzzedCheckpoints> {
  const targets = [...(await checkpointTargets()), ...modelTargets];
  const all = { files: files * targets.length, seed, say, targets };
  const { faults, ...counts } = await fuzzParsers(all);
  return { files: counts, faults: faults.map(told) };
}

export async function fuzz({ files, commands, seed, say }: FuzzCounts): Promise<Fuzz> {
  const all = [...targets, ...(await folderTargets()), ...(await checkpointTargets())];
  const { faults: bad, ...read } = await fuzzParsers({ files, seed, say, targets: all });
  const { faults: wrong, ...lines } = await fuzzCommands({ commands, seed });
  return { files: read, lines, faults: [...bad.map(told), ...wrong] };
}

const told = ({ target, number, why, message }: Fault): string =>
  `${target}, file ${number}: ${why}: ${message}`;
