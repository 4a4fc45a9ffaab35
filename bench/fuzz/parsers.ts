/**
 * Damaged files by the ten thousand to everything that reads a file: each is read, or refused with a message of our form. A file
 * is a function of the seed and its number, so what was found can be looked at again.
 */
import { hash, keyOf } from "../../src/index.ts";
import { mutate, type Choose } from "./mutate.ts";
import { targets as all, Unsound, type Target } from "./targets.ts";

export interface FuzzOptions {
  readonly files: number;
  readonly seed: number;
  /** Told what is found, and from time to time how far it is. */
  readonly say: (line: string) => void;
  /** By default all. */
  readonly targets?: readonly Target[];
}

export interface Fault {
  readonly target: string;
  /** Which one: `damaged(target, seed, number)` is the file. */
  readonly number: number;
  readonly why: string;
  readonly message: string;
}

export interface Counts {
  readonly read: number;
  readonly refused: number;
}

export interface FuzzResult extends Counts {
  readonly by: Readonly<Record<string, Counts>>;
  readonly faults: readonly Fault[];
  /** Milliseconds that one file took at most. */
  readonly slowest: number;
  /** The largest the process was, in bytes. */
  readonly memory: number;
}

/** Where the damaged file is said to be: what a message starts with. */
const WHERE = "some/file.bin";
/** Characters of a message: a line, with what is listed in it. */
const LONGEST = 1000;
/** What the language and its runtime say by themselves. */
const RAW: readonly string[] = [
  ...["undefined", "[object ", "NaN", "Cannot read propert", "Cannot convert", "is not a function"],
  ...["is not iterable", "is not valid JSON", "Unexpected token", "Maximum call stack"],
  ...["Invalid array length", "Invalid typed array", "Array buffer allocation", "out of memory"],
  ...["Invalid count", "Invalid string length", "ERR_"],
];

export async function fuzzParsers({
  files,
  seed,
  say,
  targets = all,
}: FuzzOptions): Promise<FuzzResult> {
  const by = Object.fromEntries(targets.map(({ name }) => [name, { read: 0, refused: 0 }]));
  const faults: Fault[] = [];
  let [slowest, memory] = [0, 0];
  for (let number = 0; number < files; number++) {
    const target = targets[number % targets.length];
    const file = damaged(target, seed, number);
    const start = performance.now();
    const { fault, refused } = await tried(target, file);
    slowest = Math.max(slowest, performance.now() - start);
    by[target.name][refused ? "refused" : "read"]++;
    if (fault) {
      faults.push({ target: target.name, number, ...fault });
      say(`${target.name}, file ${number} of seed ${seed}: ${fault.why}: ${fault.message}`);
    }
    if (number % 1000 === 0) memory = Math.max(memory, process.memoryUsage.rss());
    if ((number + 1) % 10_000 === 0)
      say(`${number + 1} of ${files} files, ${faults.length} faults`);
  }
  const sum = (key: keyof Counts): number =>
    Object.values(by).reduce((total, counts) => total + counts[key], 0);
  return { read: sum("read"), refused: sum("refused"), by, faults, slowest, memory };
}

/** The file of that number. */
export function damaged(target: Target, seed: number, number: number): Uint8Array {
  const key = keyOf(seed, "fuzz", target.name, number);
  let drawn = 0;
  const choose: Choose = (n) => Math.floor((hash(drawn++, key) / 2 ** 32) * n);
  const { samples, wrap } = target;
  const sample = samples[choose(samples.length)];
  if (!wrap) return mutate(sample, samples, choose);
  // Mostly what is within, sometimes the container.
  return choose(4) > 0
    ? wrap(mutate(sample, samples, choose))
    : mutate(wrap(sample), samples.map(wrap), choose);
}

interface Outcome {
  readonly refused: boolean;
  readonly fault?: { readonly why: string; readonly message: string };
}
async function tried(target: Target, file: Uint8Array): Promise<Outcome> {
  try {
    await target.parse(file, WHERE);
    return { refused: false };
  } catch (error) {
    if (error instanceof Unsound)
      return { refused: false, fault: { why: "was read", message: error.message } };
    const message = error instanceof Error ? error.message : String(error);
    const why = faultOf(message);
    return { refused: true, ...(why !== undefined && { fault: { why, message: shown(message) } }) };
  }
}

function faultOf(message: string): string | undefined {
  if (!message.startsWith(WHERE)) return "does not start with the file";
  if (!/^[^:]+: .+, got .+; ./s.test(message)) return "is not of our form";
  if (message.length > LONGEST) return `has ${message.length} characters`;
  if (/[\u0000-\u001f\u007f-\u009f]/.test(message)) return "has control characters";
  const ours = message.replaceAll(/"(\\.|[^"\\])*"/g, '""'); // a quoted file may say what it likes
  const raw = RAW.find((text) =>
    ours
      .split(text)
      .slice(0, -1)
      .some((before) => !/\w$/.test(before)),
  );
  return raw === undefined ? undefined : `says "${raw}"`;
}

const shown = (message: string): string => JSON.stringify(message.slice(0, 300));
