/**
 * A comparison as files of TensorBoard's events, one a run: records of TFRecord's framing that hold messages of event.proto
 * and summary.proto, as far as scalars need them (https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core).
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Results, RunRecord } from "../runs/records.ts";

type Values = RunRecord["final"];

/** One run's file. */
export interface EventFile {
  /** The run's folder and the file in it: "weight-1/events.out.tfevents.1767225600.weightnorm". */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The same results give the same names and bytes, so that a file is replaced when a run has gone on. */
export function eventFiles(results: Results): readonly EventFile[] {
  const began = Date.parse(results.startedAt) / 1000;
  const start = Number.isFinite(began) ? began : 0;
  const name = `events.out.tfevents.${Math.max(0, Math.floor(start))}.weightnorm`;
  return Object.entries(results.arms).flatMap(([arm, { runs }]) =>
    runs.map((run) => ({
      path: `${arm}-${run.seed}/${name}`,
      bytes: joined([
        { step: 0, time: start, version: "brain.Event:2" },
        ...momentsOf(run).map(({ seconds, ...moment }) => ({ ...moment, time: start + seconds })),
      ]),
    })),
  );
}

interface Moment {
  readonly step: number;
  readonly seconds: number;
  readonly scalars: readonly (readonly [tag: string, value: number])[];
}
/** What was measured of a run, in the order of its steps. */
function momentsOf({ points, tests }: RunRecord): readonly Moment[] {
  const inPoints = new Set(points.flatMap(({ values }) => Object.keys(values)));
  const ofTurns = (values: Values = {}): Values =>
    Object.fromEntries(Object.entries(values).filter(([key]) => !inPoints.has(key)));
  const all = [
    ...points.map(({ step, seconds, values, layers }) => ({
      ...{ step, seconds },
      scalars: [
        ...tagged("train", values),
        ...layers.flatMap(({ layer, v, g, effectiveStep }) =>
          tagged(`layers/${layer}`, { v, g, "effective step": effectiveStep }),
        ),
      ],
    })),
    ...tests.map(({ step, seconds, test, train, heldOut = {} }) => ({
      ...{ step, seconds },
      scalars: [
        ...tagged("train", ofTurns(train)),
        ...tagged("test", test),
        ...tagged("held out", heldOut),
      ],
    })),
  ];
  return all.filter(({ scalars }) => scalars.length > 0).toSorted((a, b) => a.step - b.step);
}

const tagged = (group: string, values: Values): readonly (readonly [string, number])[] =>
  Object.entries(values).flatMap(([name, value]) =>
    value === null ? [] : [[`${group}/${name}`, value] as const],
  );

interface Said {
  readonly step: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly version?: string;
  readonly scalars?: Moment["scalars"];
}

/** Event: wall_time = 1, step = 2, file_version = 3, summary = 5. Summary: value = 1. Its Value: tag = 1, simple_value = 2. */
function eventOf({ step, time, version, scalars = [] }: Said): Uint8Array {
  const { Bit32, Bit64, Varint, LengthDelimited } = WireType;
  const writer = new BinaryWriter().tag(1, Bit64).double(time).tag(2, Varint).int64(step);
  if (version !== undefined) writer.tag(3, LengthDelimited).string(version);
  if (scalars.length > 0) {
    writer.tag(5, LengthDelimited).fork();
    for (const [tag, value] of scalars) {
      writer.tag(1, LengthDelimited).fork();
      writer.tag(1, LengthDelimited).string(tag).tag(2, Bit32).float(value).join();
    }
    writer.join();
  }
  return writer.finish();
}

/** Each as TFRecord has it: its length, a checksum of that, the bytes, a checksum of these. */
function joined(events: readonly Said[]): Uint8Array {
  const records = events.map(eventOf);
  const bytes = new Uint8Array(records.reduce((sum, { length }) => sum + length + 16, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const record of records) {
    view.setBigUint64(at, BigInt(record.length), true);
    view.setUint32(at + 8, masked(bytes.subarray(at, at + 8)), true);
    bytes.set(record, at + 12);
    view.setUint32(at + 12 + record.length, masked(record), true);
    at += record.length + 16;
  }
  return bytes;
}

/** Castagnoli's polynomial, its bits the other way round. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  return rest;
});
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}
/** Turned and moved, so that a checksum of bytes that hold checksums is no weaker. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
