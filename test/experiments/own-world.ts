/** A world with data in memory: what is said of them can be read. */
import { decoded } from "../../cli/decode.ts";
import { UsageError, type World } from "../../runs/experiment.ts";
import { nodeDoor, nodeRuntime } from "../../src/node/index.ts";

export interface Spoken {
  readonly world: World;
  readonly said: readonly string[];
}

/** One file, or a folder of files by their names within. */
export function worldOf(
  place: string,
  content: string | Uint8Array | Readonly<Record<string, Uint8Array>>,
): Spoken {
  const said: string[] = [];
  const bytes = (x: string | Uint8Array): Uint8Array =>
    typeof x === "string" ? new TextEncoder().encode(x) : x;
  const isFile = typeof content === "string" || content instanceof Uint8Array;
  const files = isFile ? { [place]: bytes(content) } : content;
  const where = (name: string): string => (name === "" || isFile ? place : `${place}/${name}`);
  const world: World = {
    runtime: (threads) => nodeRuntime({ threads }),
    threads: 1,
    places: { data: place },
    door: {
      ...nodeDoor(),
      at: () =>
        Promise.resolve({
          ...{ source: place, names: Object.keys(files).sort(), where },
          read: (name) => Promise.resolve(files[name]),
        }),
    },
    progress: () => undefined,
    say: (line) => said.push(line),
    decode: decoded,
  };
  return { world, said };
}

/** What goes wrong, as people read it. */
export const failure = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing",
    (error: unknown) =>
      `${error instanceof UsageError ? "asked wrongly: " : ""}${(error as Error).message}`,
  );
