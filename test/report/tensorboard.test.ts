/**
 * Event files for TensorBoard. Its own reader does not run here, so they are read by one that is written after the descriptions of
 * TFRecord and of Protocol Buffers' wire format, with none of our code; checksums are those that RFC 3720 publishes.
 */
import { describe, expect, test } from "vitest";
import { crc32c, eventFiles } from "../../report/tensorboard.ts";
import { sampleResults } from "./sample.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));

test.each([
  ["RFC 3720, B.4: 32 bytes of zeroes", "00".repeat(32), 0x8a9136aa],
  ["32 bytes of ones", "ff".repeat(32), 0x62a8ab43],
  [
    "32 rising bytes",
    Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString("hex"),
    0x46dd794e,
  ],
  ["the check value of the catalogues: 123456789", "313233343536373839", 0xe3069283],
])("CRC-32C of %s", (_, bytes, crc) => {
  expect(crc32c(hex(bytes))).toBe(crc);
});

interface Read {
  readonly time: number;
  readonly step: number;
  readonly version?: string;
  readonly scalars: Readonly<Record<string, number>>;
}
type Field = readonly [number: number, value: number | Uint8Array];

/** The fields of a message: numbers of the wire types 0, 1 and 5, bytes of type 2. */
function fieldsOf(bytes: Uint8Array): readonly Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const fields: Field[] = [];
  while (at < bytes.length) {
    const tag = varint();
    const [field, wire] = [tag >> 3, tag & 7];
    if (wire === 0) fields.push([field, varint()]);
    else if (wire === 1) fields.push([field, view.getFloat64((at += 8) - 8, true)]);
    else if (wire === 5) fields.push([field, view.getFloat32((at += 4) - 4, true)]);
    else if (wire === 2) {
      const length = varint();
      fields.push([field, bytes.subarray(at, (at += length))]);
    } else throw new Error(`wire type ${wire}`);
  }
  expect(at).toBe(bytes.length);
  return fields;
}
const text = (value: Field[1]): string => new TextDecoder().decode(value as Uint8Array);

function eventIn(bytes: Uint8Array): Read {
  const fields = fieldsOf(bytes);
  const one = (number: number): Field[1] | undefined => fields.find(([n]) => n === number)?.[1];
  const summary = one(5) as Uint8Array | undefined;
  const scalars = fieldsOf(summary ?? new Uint8Array()).map(([field, value]) => {
    expect(field).toBe(1);
    const [[tag, name], [simple, number], ...rest] = fieldsOf(value as Uint8Array);
    expect([tag, simple, rest.length]).toEqual([1, 2, 0]);
    return [text(name), number as number] as const;
  });
  return {
    ...{ time: one(1) as number, step: one(2) as number, scalars: Object.fromEntries(scalars) },
    ...(one(3) === undefined ? {} : { version: text(one(3)!) }),
  };
}

/** The events of a file; every length and checksum of it is as described. */
function eventsIn(bytes: Uint8Array): readonly Read[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sum = (of: Uint8Array): number => {
    const crc = crc32c(of);
    return (Math.floor(crc / 2 ** 15) + (crc % 2 ** 15) * 2 ** 17 + 0xa282ead8) % 2 ** 32;
  };
  const events: Read[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(sum(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(data).toHaveLength(length);
    expect(view.getUint32(at + 12 + length, true)).toBe(sum(data));
    events.push(eventIn(data));
    at += 16 + length;
  }
  return events;
}

describe("event files", () => {
  const results = sampleResults({ arms: ["plain", "weight+mean-only"], layers: ["conv1"] });
  const files = eventFiles(results);
  const began = Date.parse(results.startedAt) / 1000;

  test("are one a run, and the same for the same results", () => {
    const name = `events.out.tfevents.${Math.floor(began)}.weightnorm`;
    expect(files.map(({ path }) => path)).toEqual(
      ["plain-1", "plain-2", "weight+mean-only-1", "weight+mean-only-2"].map((r) => `${r}/${name}`),
    );
    expect(eventFiles(results)).toEqual(files);
  });
  test("begin with their version", () => {
    for (const { bytes } of files)
      expect(eventsIn(bytes)[0]).toEqual({
        ...{ time: began, step: 0, version: "brain.Event:2", scalars: {} },
      });
  });
  test("hold what was measured, at its step and its time", () => {
    const [run] = results.arms.plain!.runs;
    const events = eventsIn(files[0].bytes).slice(1);
    expect(events).toHaveLength(run.points.length + run.tests.length);
    const { step, seconds, values, layers } = run.points[3];
    const at = events.find((e) => e.step === step && "train/loss" in e.scalars)!;
    expect(at.time).toBe(began + seconds);
    expect(at.scalars).toEqual({
      "train/loss": Math.fround(values["loss"]!),
      "layers/conv1/v": Math.fround(layers[0].v),
      "layers/conv1/g": Math.fround(layers[0].g),
      "layers/conv1/effective step": Math.fround(layers[0].effectiveStep),
    });
    const tested = events.filter((e) => "test/error" in e.scalars);
    expect(tested.map((e) => e.scalars["test/error"])).toEqual(
      run.tests.map(({ test: { error } }) => Math.fround(error!)),
    );
    const steps = events.map((e) => e.step);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  });
  test("are no worse for numbers that are none", () => {
    const [arm] = Object.values(sampleResults({ arms: ["plain"], seeds: 1 }).arms);
    const [run] = arm.runs;
    const point = { ...run.points[0], values: { loss: null }, layers: [] };
    const bare = {
      ...results,
      startedAt: "?",
      arms: { plain: { ...arm, runs: [{ ...run, points: [point], tests: [] }] } },
    };
    const [{ path, bytes }] = eventFiles(bare);
    expect(path).toBe("plain-1/events.out.tfevents.0.weightnorm");
    expect(eventsIn(bytes)).toHaveLength(1);
  });
});
