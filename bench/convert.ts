/** What a large checkpoint takes to convert: a generated one, folded, in a process of its own whose memory is looked at. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../cli/program.ts";
import { entryOf, type Entry } from "../src/checkpoints/entry.ts";
import { hash, keyOf, writeWeights } from "../src/index.ts";
import { writeAtomically } from "../src/node/index.ts";

export interface Converted {
  readonly from: string;
  readonly to: string;
  readonly flags: string;
  readonly seconds: number;
  /** The largest the process was. */
  readonly peakMebibytes: number;
}
export interface ConvertBench {
  readonly bench: "convert";
  /** Of the first file. */
  readonly mebibytes: number;
  readonly conversions: readonly Converted[];
}

/** Of one v: a large layer of a large model. */
const LAYER = 64;

export async function benchConvert({
  mebibytes,
  say,
}: {
  readonly mebibytes: number;
  readonly say: (line: string) => void;
}): Promise<ConvertBench> {
  const folder = await mkdtemp(join(tmpdir(), "weightnorm-convert-"));
  try {
    const at = (name: string): string => join(folder, name);
    say(`a file of ${mebibytes} MiB in ${folder}`);
    await writeAtomically(at("in.safetensors"), (sink) =>
      writeWeights(sink, "in.safetensors", layers(Math.max(1, Math.floor(mebibytes / LAYER)))),
    );
    const steps = [
      ["in.safetensors", "folded.safetensors", "--fold"],
      ["in.safetensors", "in.pth", "--scheme parametrizations"],
      ["in.pth", "half.npz", "--fold --dtype float16"],
    ] as const;
    const conversions: Converted[] = [];
    for (const [from, to, flags] of steps) {
      const measured = await inProcess([at(from), at(to), ...flags.split(" "), "--quiet"]);
      conversions.push({ from, to, flags, ...measured });
      say(lineOf(conversions.at(-1)!));
    }
    return { bench: "convert", mebibytes, conversions };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const lineOf = ({ from, to, flags, seconds, peakMebibytes }: Converted): string =>
  `${from} -> ${to} ${flags}: ${seconds.toFixed(1)} s, at most ${peakMebibytes.toFixed(0)} MiB`;
export const convertText = ({ mebibytes, conversions }: ConvertBench): string =>
  [`converting ${mebibytes} MiB of weights`, ...conversions.map(lineOf)].join("\n");

/** `count` weights in two parts; numbers repeat, for their making is not what is measured. */
function layers(count: number): readonly Entry[] {
  const rows = (LAYER * 2 ** 20) / 4 / 1024;
  const key = keyOf("convert");
  const numbers = Float32Array.from({ length: 2 ** 20 }, (_, i) => hash(i, key) / 2 ** 31 - 1);
  const piece = new Uint8Array(numbers.buffer);
  return Array.from({ length: count }, (_, i) => [
    {
      ...{ name: `layers.${i}.weight_v`, dtype: "F32", shape: [rows, 1024] },
      // eslint-disable-next-line @typescript-eslint/require-await
      async *chunks() {
        for (let n = 0; n < (LAYER * 2 ** 20) / piece.length; n++) yield piece;
      },
    },
    entryOf(`layers.${i}.weight_g`, "F32", [rows, 1], () => piece.subarray(0, 4 * rows)),
  ]).flat();
}

/** `weightnorm convert ...args`, and how large its process was. */
async function inProcess(
  args: readonly string[],
): Promise<Pick<Converted, "seconds" | "peakMebibytes">> {
  const start = performance.now();
  const own = ["--import", "tsx", fileURLToPath(import.meta.url), ...args];
  const child = spawn(process.execPath, own, { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  if (code !== 0) throw new Error(`bench: convert ended with code ${code}`);
  return { seconds: (performance.now() - start) / 1000, peakMebibytes: Number(out) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const code = await run(["convert", ...process.argv.slice(2)]);
  process.stdout.write(`${process.resourceUsage().maxRSS / 1024}`, () => process.exit(code));
}
