/** Data of the user's own, as a run remembers them: enough to know whether they are still the same. */
import * as z from "zod/mini";
import { UsageError } from "../../runs/experiment.ts";
import { brief } from "../../src/train/json.ts";

export interface Source {
  /** The file's name, or the folder's. */
  readonly name: string;
  /** Rows, or pictures. */
  readonly count: number;
  /** Of the file, or of all files of a folder, in hexadecimal. */
  readonly sha256: string;
}

const MOST_CHARACTERS = 255;
/** What files and their sums are called by in a configuration. */
export const named: Readonly<Record<"name" | "sha256", z.ZodMiniType<string>>> = {
  name: z.string().check(z.minLength(1), z.maxLength(MOST_CHARACTERS)),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits")),
};
export const sourceSchema: z.ZodMiniType<Source> = z.strictObject({
  ...named,
  count: z.int().check(z.positive()),
});

export async function sha256(bytes: Uint8Array): Promise<string> {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-assertion -- the types of browsers ask for it
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (x) => x.toString(16).padStart(2, "0")).join("");
}

/** The last part of a path. */
export const nameOf = (path: string): string =>
  (path.split(/[/\\]/).findLast((part) => part !== "") ?? path).slice(0, MOST_CHARACTERS);

/** Throws where a run began with other data than there are now. */
export function checkSame(began: Source | undefined, now: Source, where: string): void {
  if (!began || (began.sha256 === now.sha256 && began.count === now.count)) return;
  throw new UsageError(
    `${where}: expected the data that the run began with (${told(began)}), got others (${told(now)}); put those back or start a new run`,
  );
}

const told = ({ count, sha256: sum }: Source): string =>
  `${count} examples, sha256 ${brief(sum.slice(0, 8))}`;
