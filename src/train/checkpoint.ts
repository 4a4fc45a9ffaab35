/** All that a run needs to go on as if it had never stopped, as a safetensors file that other tools can open. */
import type { Parameter } from "../graph/index.ts";
import { armAdvice } from "../nn/fold.ts";
import { isOptimizerState } from "../optim/index.ts";
import type { State, Tensor } from "../runtime/program.ts";
import { brief, MOST_LEVELS, parseRecord, word } from "./json.ts";
import { decode, encode } from "./safetensors.ts";

/** A training as it stands after a step. */
export interface Checkpoint {
  /** Values on the host: `await read(state)` of one that programs change. */
  readonly state: State;
  /** Steps done. */
  readonly step: number;
  readonly seed: number;
  /** What the run was started with: plain JSON values. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What the run has measured so far: plain JSON values. */
  readonly progress: Readonly<Record<string, unknown>>;
}

const FORMAT = "weightnorm-checkpoint/1";

/** The bytes of a checkpoint, whose state must be on the host; equal checkpoints have equal bytes. */
export function encodeCheckpoint({ state, step, seed, config, progress }: Checkpoint): Uint8Array {
  const metadata = {
    format: FORMAT,
    step: wholeNumber("step", step),
    seed: wholeNumber("seed", seed),
    config: json(config, "config"),
    progress: json(progress, "progress"),
  };
  return encode(state, { ...metadata, crc32: checksum(state, metadata) });
}

/** A checkpoint from its bytes, whole or not at all; `where` names the file in messages. */
export function decodeCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const { tensors, metadata, skipped } = decode(bytes, where);
  if (metadata["format"] !== FORMAT) throw new Error(`${where}: ${foreign(tensors, metadata)}`);
  const text = (name: string): string => {
    if (Object.hasOwn(metadata, name)) return metadata[name];
    throw new Error(
      `${where}: a checkpoint needs "${name}", got ${list("only ", Object.keys(metadata).map(word)).join("")}; use an earlier checkpoint`,
    );
  };
  const count = (name: string): number => {
    const given = text(name);
    if (/^(0|[1-9]\d*)$/.test(given) && Number.isSafeInteger(Number(given))) return Number(given);
    throw new Error(
      `${where}: ${name} must be a whole number of at least 0, got ${brief(given)}; use an earlier checkpoint`,
    );
  };
  const record = (name: string): Record<string, unknown> =>
    parseRecord(text(name), `${where}: ${name}`, "use an earlier checkpoint");
  // No checksum runs over what was not read, and nothing of ours is written so.
  if (skipped.length > 0)
    throw new Error(
      `${where}: the file is damaged, got a tensor ${brief(skipped[0].name)} of type ${word(skipped[0].dtype)}; use an earlier checkpoint`,
    );
  const expected = text("crc32");
  const got = checksum(tensors, metadata);
  if (got !== expected)
    throw new Error(
      `${where}: the file is damaged, expected checksum ${/^[0-9a-f]{8}$/.test(expected) ? expected : brief(expected)}, got ${got}; use an earlier checkpoint`,
    );
  return {
    state: tensors,
    step: count("step"),
    seed: count("seed"),
    config: record("config"),
    progress: record("progress"),
  };
}

/** Whether `state` is just what a program of `parameters` needs; everything wrong with it is in one message. */
export function checkState(
  parameters: readonly Parameter[],
  state: ReadonlyMap<string, Tensor>,
  where: string,
): void {
  const names = new Set(parameters.map((p) => p.attrs.name));
  const missing = [...names].filter((name) => !state.has(name));
  const unexpected = [...state.keys()].filter((name) => !names.has(name));
  const misshapen = parameters.flatMap((p) => {
    const x = state.get(p.attrs.name);
    return !x || describe(x) === describe(p)
      ? []
      : [`${brief(p.attrs.name)} is ${describe(x)} instead of ${describe(p)}`];
  });
  const problems = [
    ...list("no ", missing.map(brief)),
    ...list("an unexpected ", unexpected.map(brief)),
    ...list("", misshapen),
  ];
  if (problems.length === 0) return;
  // What an optimizer remembers of v and g is of no use to one of w: a state that is trained further stays in its arm.
  const trained = [...state.keys()].some(isOptimizerState);
  const advice = trained
    ? undefined
    : missing.map((name) => armAdvice(state.keys(), name)).find((a) => a !== undefined);
  throw new Error(
    `${where}: the state does not fit the model, got ${problems.join("; ")}; ${advice ?? "use the configuration that it was saved with"}`,
  );
}

let table: Uint32Array | undefined;

/** CRC-32 as in zlib and PNG (reflected polynomial 0xedb88320), of bytes that follow those whose sum is `before`; written here because browsers have no node:zlib. */
export function crc32(bytes: Uint8Array, before = 0): number {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n;
  });
  let crc = ~before;
  const lookup = table;
  // for-of takes twice as long
  for (let i = 0; i < bytes.length; i++) crc = lookup[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Over names, shapes, values and metadata alike, in canonical order: a file that another tool wrote anew still passes. */
const checksum = (
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): string =>
  crc32(encode(tensors, { ...metadata, crc32: "" }))
    .toString(16)
    .padStart(8, "0");

function wholeNumber(name: string, value: number): string {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(
      `checkpoint: ${name} must be a whole number of at least 0, got ${value}; round it`,
    );
  return `${value}`;
}

/** JSON that parses to the same value again, or an error: JSON.stringify would turn NaN to null and -0 to 0 silently. */
function json(value: unknown, path: string, level = 1): string {
  const each = (values: readonly unknown[]): string[] =>
    Array.from(values, (x, i) => json(x, `${path}[${i}]`, level + 1));
  if (level > MOST_LEVELS && typeof value === "object" && value !== null)
    throw new Error(
      `checkpoint: ${path.slice(0, 60)}… must have at most ${MOST_LEVELS} levels, got more; make it flatter`,
    );
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "number" && !Number.isFinite(value))
    throw new Error(
      `checkpoint: ${path} must be a finite number, got ${value}; leave it out or write null`,
    );
  if (value === null || ["number", "string", "boolean"].includes(typeof value))
    return JSON.stringify(value);
  if (Array.isArray(value)) return `[${each(value).join(",")}]`;
  if (typeof value === "object" && [Object.prototype, null].includes(prototypeOf(value))) {
    const fields = Object.entries(value).filter(([, x]) => x !== undefined); // absent, as in JSON
    return `{${fields.map(([k, x]) => `${JSON.stringify(k)}:${json(x, `${path}.${k}`, level + 1)}`).join(",")}}`;
  }
  const kind = typeof value === "object" ? value.constructor.name : typeof value;
  throw new Error(
    `checkpoint: ${path} must be a plain JSON value, got ${kind}; make it numbers, strings, arrays and objects`,
  );
}

const prototypeOf = (value: object): object | null => Object.getPrototypeOf(value) as object | null;

const describe = ({ dtype, shape }: Pick<Tensor, "dtype" | "shape">): string =>
  `${dtype} ${brief(shape)}`;

/** `before` and the first few of `items`, or nothing. */
function list(before: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length > 5 ? ` and ${items.length - 5} more` : "";
  return [`${before}${items.slice(0, 5).join(", ")}${more}`];
}

function foreign(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): string {
  const format = metadata["format"] ?? "";
  if (format.startsWith("weightnorm-checkpoint/"))
    return `this version reads ${FORMAT}, got ${word(format)}; update weightnorm`;
  const held = list(
    "",
    [...tensors].map(([name, x]) => `${brief(name)} ${describe(x)}`),
  );
  const tags = list(
    ", metadata ",
    Object.entries(metadata).map(([k, v]) => `${word(k)}=${word(v)}`),
  );
  return (
    `not a checkpoint of weightnorm, got a safetensors file with ` +
    `${held.join("") || "no tensors"}${tags.join("")}; give a file that saveCheckpoint wrote`
  );
}
