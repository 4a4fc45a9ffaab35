/** Tensors to a file of a format, one after the other. */
import { codeByName } from "../train/safetensors-types.ts";
import { brief } from "../train/json.ts";
import { nameIn } from "./dtypes.ts";
import { byteLength, type Entry } from "./entry.ts";
import { npyHeader } from "./npy.ts";
import { writeSafetensors } from "./safetensors-file.ts";
import type { Sink } from "./source.ts";
import { writeTorch } from "./torch-writer.ts";
import { writeZip } from "./zip-writer.ts";

interface Format {
  /** What has no other types than its own. */
  readonly name: string;
  readonly holds: (dtype: string) => boolean;
  readonly write: (sink: Sink, entries: readonly Entry[], metadata: Metadata) => Promise<void>;
}
type Metadata = Readonly<Record<string, string>>;

const torch: Format = {
  name: "every version of PyTorch",
  holds: (dtype) => nameIn("storage", dtype) !== undefined,
  write: writeTorch,
};
/** By the ending of a file. */
const formats: ReadonlyMap<string, Format> = new Map([
  [
    "safetensors",
    { name: "safetensors", holds: (dtype) => codeByName.has(dtype), write: writeSafetensors },
  ],
  ["pth", torch],
  ["pt", torch],
  ["bin", torch],
  [
    "npz",
    { name: "NumPy", holds: (dtype) => nameIn("numpy", dtype) !== undefined, write: writeNpz },
  ],
]);
export const ENDINGS: readonly string[] = [...formats.keys()].map((ending) => `.${ending}`);

/** The format of the file at `path`, by its ending. */
export function formatOf(path: string): Format {
  const format = formats.get(/\.(\w+)$/.exec(path)?.[1].toLowerCase() ?? "");
  if (format) return format;
  throw new Error(
    `${path}: expected a name that ends in ${ENDINGS.join(", ")}, got another; call it so`,
  );
}

/** Writes `entries` in the format of `path`; an error before anything is written where it has no such types. */
export async function writeWeights(
  sink: Sink,
  path: string,
  entries: readonly Entry[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { name, holds, write } = formatOf(path);
  const foreign = entries.filter(({ dtype }) => !holds(dtype));
  if (foreign.length > 0)
    throw new Error(
      `${path}: expected types that ${name} has, got ${foreign[0].dtype} in ${brief(foreign[0].name)}${foreign.length > 1 ? ` and ${foreign.length - 1} more` : ""}; convert them to float32, or choose another format`,
    );
  await write(sink, entries, metadata);
}

function writeNpz(sink: Sink, entries: readonly Entry[]): Promise<void> {
  return writeZip(
    sink,
    entries.map((entry) => {
      const header = npyHeader(entry.dtype, entry.shape)!;
      return {
        ...{ name: `${entry.name}.npy`, size: header.length + byteLength(entry) },
        async *chunks() {
          yield header;
          yield* entry.chunks();
        },
      };
    }),
  );
}
