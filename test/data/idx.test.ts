import fc from "fast-check";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { parseIdx } from "../../src/data/idx.ts";

const idx = (shape: readonly number[], data: ArrayLike<number>): Uint8Array => {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, 8, shape.length]);
  shape.forEach((n, axis) => new DataView(bytes.buffer).setUint32(4 + 4 * axis, n));
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
};

const small = idx([2, 3], [1, 2, 3, 4, 5, 6]);
const changed = (at: number, value: number): Uint8Array => small.with(at, value);

test("reads shape and values, wherever the bytes lie in their buffer", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(5), { maxLength: 4 }),
      fc.infiniteStream(fc.nat(255)),
      fc.nat(9),
      (shape, values, offset) => {
        const n = shape.reduce((a, b) => a * b, 1);
        const data = Uint8Array.from([...values.take(n)]);
        const file = idx(shape, data);
        const bytes = new Uint8Array([...new Uint8Array(offset), ...file]).subarray(offset);
        expect(parseIdx(bytes, "f")).toEqual({ shape, data });
      },
    ),
  );
});

test("says what is wrong with a file that is not whole", () => {
  const parse = (bytes: Uint8Array) => () => parseIdx(bytes, "images.idx");
  expect(parse(small.subarray(0, 3))).toThrowErrorMatchingInlineSnapshot(
    `[Error: images.idx: too short for an IDX file, got 3 bytes; download it again]`,
  );
  expect(parse(small.subarray(0, 9))).toThrowErrorMatchingInlineSnapshot(
    `[Error: images.idx: truncated, expected a header of 12 bytes for 2 dimensions, got 9; download it again]`,
  );
  expect(parse(small.subarray(0, 16))).toThrowErrorMatchingInlineSnapshot(
    `[Error: images.idx: truncated, expected 6 values for shape [2,3], got 4; download it again]`,
  );
  expect(parse(new Uint8Array([...small, 7, 8]))).toThrowErrorMatchingInlineSnapshot(
    `[Error: images.idx: expected 6 values for shape [2,3], got 2 more bytes after them; check that it is one whole file]`,
  );
});

test("says what else the file seems to be", () => {
  const parse = (bytes: Uint8Array) => () => parseIdx(bytes, "images.idx");
  expect(parse(gzipSync(small))).toThrowErrorMatchingInlineSnapshot(
    `[Error: images.idx: expected an IDX file, got gzip-compressed data; gunzip it]`,
  );
  expect(parse(changed(0, 0x50))).toThrowErrorMatchingInlineSnapshot(
    `[Error: images.idx: not an IDX file, got first bytes 50 00 instead of 00 00; check that it is the right file]`,
  );
  expect(parse(changed(2, 0x0d))).toThrowErrorMatchingInlineSnapshot(
    `[Error: images.idx: expected unsigned bytes (type 08), got float32 (0d); convert it]`,
  );
  expect(parse(changed(2, 0x42))).toThrowErrorMatchingInlineSnapshot(
    `[Error: images.idx: expected unsigned bytes (type 08), got an unknown type (42); convert it]`,
  );
});

test("any cut is an error", () => {
  for (let n = 0; n < small.length; n++)
    expect(() => parseIdx(small.subarray(0, n), "f")).toThrow(/^f: .+, got .+; /);
});
