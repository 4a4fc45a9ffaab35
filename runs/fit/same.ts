/** Whether a training that is gone on with is the one that began: of the same data and options. */
import { crc32 } from "../../src/train/checkpoint.ts";
import type { Schedule, Tensor } from "../../src/index.ts";
import { canonical } from "../canonical.ts";
import type { Config } from "../experiment.ts";
import type { DataSet } from "../minibatch/task.ts";
import type { FitOptions } from "./options.ts";

interface Given {
  readonly train: DataSet;
  readonly test: DataSet;
  readonly schedule: Schedule;
}

/** Examples of a set that are looked at: data that are others differ in some of them. */
const LOOKED_AT = 256;
/** Steps at which a schedule is asked. */
const STEPS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** All that no setting says of a training, as a short text: its data, and options that are no numbers. */
export function fingerprint(options: FitOptions, { train, test, schedule }: Given): string {
  const { classes, standardize, initialization, metrics = [] } = options;
  const rest = canonical([classes, standardize, initialization, metrics, STEPS.map(schedule)]);
  const text = crc32(new TextEncoder().encode(rest)).toString(16);
  return `${train.count} and ${test.count} examples, ${sum(train)} ${sum(test)} ${text}`;
}

/** A checksum over examples from all over a set. */
function sum({ count, feeds }: DataSet): string {
  if (count === 0) return "-";
  const length = Math.min(count, LOOKED_AT);
  const rows = Uint32Array.from({ length }, (_, i) => Math.floor((i * count) / length));
  const parts = Object.entries<Tensor>(feeds(rows)).map(([name, { data }]) => [
    name,
    crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);
  return crc32(new TextEncoder().encode(canonical(parts))).toString(16);
}

/** Throws where a checkpoint is of a training with other options, or on other data. */
export function checkSame(
  config: Config,
  saved: Readonly<Record<string, unknown>> | undefined,
): void {
  const now: Readonly<Record<string, unknown>> = { ...config };
  const other = Object.keys(saved ?? {}).filter(
    (name) => name in now && name !== "lr" && canonical(saved![name]) !== canonical(now[name]),
  );
  if (other.length === 0) return;
  const said = (from: Readonly<Record<string, unknown>>): string =>
    other.map((name) => `${name} ${canonical(from[name])}`).join(", ");
  throw new Error(
    `fit: its store holds a training with ${said(saved!)}, got ${said(now)}; give it the data and options that it began with, or another store`,
  );
}
