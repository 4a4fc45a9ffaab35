import fc from "fast-check";
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { Dtype } from "../../src/graph/index.ts";
import { tensor, type Tensor, type TensorData } from "../../src/runtime/program.ts";
import { decode, encode, tensorOf, type Safetensors } from "../../src/train/safetensors.ts";
import { fileOf as file } from "./safetensors-file.ts";

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });

/** Any bits at all, so NaN payloads, infinities and -0 too. */
const randomTensor: fc.Arbitrary<Tensor> = fc
  .tuple(
    shapes,
    fc.constantFrom("f32", "f64", "int32", "uint32", "bool"),
    fc.infiniteStream(fc.nat(255)),
  )
  .map(([shape, kind, stream]) => {
    const n = shape.reduce((a, b) => a * b, 1);
    const bytes = (size: number): ArrayBuffer => Uint8Array.from([...stream.take(n * size)]).buffer;
    const make: Record<typeof kind, () => [Dtype, TensorData]> = {
      f32: () => ["float", new Float32Array(bytes(4))],
      f64: () => ["float", new Float64Array(bytes(8))],
      int32: () => ["int32", new Int32Array(bytes(4))],
      uint32: () => ["uint32", new Uint32Array(bytes(4))],
      bool: () => ["bool", new Uint8Array(bytes(1)).map((x) => x & 1)],
    };
    const [dtype, data] = make[kind]();
    return { dtype, shape, data };
  });

const names = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "0",
    "10",
    "2",
    "__proto__",
    "constructor",
    "toString",
    'a"b\\c\n',
    "größe",
    "層",
  ),
);
const tensorMaps = fc
  .array(fc.tuple(names, randomTensor), { maxLength: 8 })
  .map((entries) => new Map(entries));
const metadatas = fc
  .array(fc.tuple(names, fc.string({ unit: "binary" })), { maxLength: 4 })
  .map((entries): Record<string, string> => Object.fromEntries(entries));

/** Bit for bit: `toEqual` takes every NaN for the same. */
const bits = (tensors: ReadonlyMap<string, Tensor>): unknown =>
  [...tensors]
    .map(([name, { dtype, shape, data }]) => ({
      name,
      dtype,
      shape,
      array: data.constructor.name,
      bytes: [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

describe("round trip", () => {
  test("tensors and metadata come back bit for bit, from any offset and from a Buffer", () => {
    fc.assert(
      fc.property(tensorMaps, metadatas, fc.nat(9), (tensors, metadata, offset) => {
        const bytes = encode(tensors, metadata);
        const moved = Buffer.concat([new Uint8Array(offset), bytes]).subarray(offset);
        const back = decode(moved, "f");
        moved.fill(0xff); // what was decoded must not be a view of the file
        expect(bits(back.tensors)).toEqual(bits(tensors));
        expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(metadata).sort());
      }),
    );
  });

  test("the bytes do not depend on the order of the map", () => {
    fc.assert(
      fc.property(tensorMaps, metadatas, (tensors, metadata) => {
        const reversed = Object.fromEntries(Object.entries(metadata).reverse());
        expect(encode(new Map([...tensors].reverse()), reversed)).toEqual(
          encode(tensors, metadata),
        );
      }),
    );
  });

  test("every tensor is aligned to its values, as PyTorch needs it", () => {
    fc.assert(
      fc.property(tensorMaps, (tensors) => {
        const bytes = encode(tensors);
        const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
        expect(length % 8).toBe(0);
        const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
        const header = JSON.parse(text) as Record<string, { data_offsets: [number, number] }>;
        for (const [name, { data_offsets: offsets }] of Object.entries(header))
          expect(offsets[0] % tensors.get(name)!.data.BYTES_PER_ELEMENT).toBe(0);
      }),
    );
  });

  test("data that is a view into something larger", () => {
    const whole = Float32Array.of(1, 2, 3, 4);
    const { tensors } = decode(encode(new Map([["a", tensor(whole.subarray(1, 3))]])), "f");
    expect(tensors.get("a")!.data).toEqual(Float32Array.of(2, 3));
  });
});

describe("the bytes", () => {
  // prettier-ignore
  const written = Uint8Array.from([
    0x88, 0, 0, 0, 0, 0, 0, 0, // 133 bytes of header and 3 spaces
    ...new TextEncoder().encode(
      '{"__metadata__":{"k":"v"},' +
      '"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"ok":{"dtype":"BOOL","shape":[],"data_offsets":[8,9]}}   '),
    0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, // 1, -2
    1,
  ]);

  test("are those of a file written by hand", () => {
    const tensors = new Map([
      ["ok", tensor([1], [], "bool")],
      ["w", tensor([1, -2])],
    ]);
    const bytes = encode(tensors, { k: "v" });
    expect(bits(decode(written, "f").tensors)).toEqual(bits(tensors));
    expect(decode(written, "f").metadata).toEqual({ k: "v" });
    expect(bytes).toEqual(written);
  });

  test("an empty file is a file", () => {
    expect(encode(new Map())).toEqual(file("{}      "));
    expect(decode(file("{}"), "f")).toEqual({ tensors: new Map(), metadata: {}, skipped: [] });
  });

  const python = spawnSync("python3", ["--version"]).status === 0;
  test.skipIf(!python)("mean the same to a parser that shares no code with ours", () => {
    const script = `
import json, struct, sys
raw = sys.stdin.buffer.read()
n, = struct.unpack("<Q", raw[:8])
header = json.loads(raw[8:8 + n].decode("utf-8"))
data = raw[8 + n:]
metadata = header.pop("__metadata__", {})
formats = {"F64": "d", "F32": "f", "I32": "i", "U32": "I", "BOOL": "?"}
out, end = {}, 0
for name, t in header.items():
    a, b = t["data_offsets"]
    assert a == end, "hole"
    end = b
    size = 1
    for d in t["shape"]: size *= d
    out[name] = [t["dtype"], t["shape"], [float(x) for x in struct.unpack("<%d%s" % (size, formats[t["dtype"]]), data[a:b])]]
assert end == len(data)
json.dump([metadata, out], sys.stdout)
`;
    const tensors = new Map([
      ["層.w", tensor([1.5, -2, 0.1, 3e38], [2, 2])],
      ["double", tensor(Float64Array.of(0.1, 5e-324), [1, 2])],
      ["count", tensor([-7, 2147483647], [2], "int32")],
      ["key", tensor([4294967295], [], "uint32")],
      ["mask", tensor([1, 0, 1], [3], "bool")],
      ["none", tensor([], [0, 3])],
    ]);
    const run = spawnSync("python3", ["-c", script], { input: encode(tensors, { ключ: "å" }) });
    expect(run.stderr.toString()).toBe("");
    const dtypes = { float: "F32", int32: "I32", uint32: "U32", bool: "BOOL" };
    expect(JSON.parse(run.stdout.toString())).toEqual([
      { ключ: "å" },
      Object.fromEntries(
        [...tensors].map(([name, { dtype, shape, data }]) => [
          name,
          [data instanceof Float64Array ? "F64" : dtypes[dtype], shape, [...data]],
        ]),
      ),
    ]);
  });
});

describe("types that are only read", () => {
  const read = (
    dtype: string,
    data: readonly number[] | Uint8Array,
    shape: readonly number[],
  ): Tensor => tensorOf(fileWith(dtype, data, shape), "x", "f");
  const fileWith = (
    dtype: string,
    data: readonly number[] | Uint8Array,
    shape: readonly number[],
  ): Safetensors =>
    decode(file({ x: { dtype, shape, data_offsets: [0, data.length] } }, data), "f");
  const words = (...values: number[]): Uint8Array =>
    new Uint8Array(Uint16Array.from(values).buffer);

  test("F16 becomes float32", () => {
    const values = words(
      0x3c00,
      0xc000,
      0x0001,
      0x8000,
      0x7bff,
      0x03ff,
      0x0400,
      0x7c00,
      0xfc00,
      0x7e00,
      0x3555,
    );
    expect(read("F16", values, [11])).toEqual(
      tensor([
        1,
        -2,
        2 ** -24,
        -0,
        65504,
        1023 * 2 ** -24,
        2 ** -14,
        Infinity,
        -Infinity,
        NaN,
        1365 / 4096,
      ]),
    );
  });

  test("BF16 becomes float32", () => {
    const values = words(0x3f80, 0xc000, 0x8000, 0x7f80, 0x7fc0, 0x4049);
    expect(read("BF16", values, [6])).toEqual(tensor([1, -2, -0, Infinity, NaN, 3.140625]));
  });

  test("I64 becomes int32 where it fits", () => {
    const longs = (...values: bigint[]): Uint8Array =>
      new Uint8Array(BigInt64Array.from(values).buffer);
    const values = longs(-(2n ** 31n), -1n, 2n ** 31n - 1n);
    expect(read("I64", values, [3])).toEqual(tensor([-(2 ** 31), -1, 2 ** 31 - 1], [3], "int32"));
    expect(read("U64", longs(0n, 2n ** 31n - 1n), [2])).toEqual(
      tensor([0, 2 ** 31 - 1], [2], "int32"),
    );
    const large = (dtype: string, value: bigint) => () =>
      tensorOf(fileWith(dtype, longs(value), [1]), "x", "f");
    expect(large("I64", 2n ** 31n)).toThrowErrorMatchingInlineSnapshot(
      `[Error: f: tensor "x" was not read, got I64 [1], and int32 does not hold its 2147483648; convert it to float]`,
    );
    expect(large("U64", -1n)).toThrowErrorMatchingInlineSnapshot(
      `[Error: f: tensor "x" was not read, got U64 [1], and int32 does not hold its 18446744073709551615; convert it to float]`,
    );
  });

  test("narrower integers become int32", () => {
    expect(read("U8", [0, 127, 255], [3])).toEqual(tensor([0, 127, 255], [3], "int32"));
    expect(read("I8", [0, 127, 128, 255], [4])).toEqual(tensor([0, 127, -128, -1], [4], "int32"));
    expect(read("U16", words(0, 65535), [2])).toEqual(tensor([0, 65535], [2], "int32"));
    expect(read("I16", words(32767, 32768), [2])).toEqual(tensor([32767, -32768], [2], "int32"));
  });

  test("floats of a byte become float32: table 1 of Micikevicius et al. 2022", () => {
    // Zero, the least subnormal, the largest subnormal, the least normal, one, the largest, and what is no number.
    expect(read("F8_E5M2", [0x00, 0x01, 0x03, 0x04, 0x3c, 0x7b, 0x7c, 0x7d], [8])).toEqual(
      tensor([0, 2 ** -16, 0.75 * 2 ** -14, 2 ** -14, 1, 57344, Infinity, NaN]),
    );
    expect(read("F8_E4M3", [0x00, 0x01, 0x07, 0x08, 0x38, 0x7e, 0x7f, 0xff], [8])).toEqual(
      tensor([0, 2 ** -9, 0.875 * 2 ** -6, 2 ** -6, 1, 448, NaN, NaN]),
    );
    expect(read("F8_E8M0", [0, 126, 127, 128, 254, 255], [6])).toEqual(
      tensor([2 ** -127, 0.5, 1, 2, 2 ** 127, NaN]),
    );
    const halves = Uint8Array.from({ length: 256 }, (_, i) => i);
    const all = [...halves].map((x) => x << 8);
    expect(read("F8_E5M2", halves, [256])).toEqual(read("F16", words(...all), [256]));
    const positive = [...read("F8_E4M3", halves.subarray(0, 127), [127]).data];
    expect(positive).toEqual(positive.toSorted((a, b) => a - b)); // as its bits
    expect([...read("F8_E4M3", halves.subarray(128, 255), [127]).data]).toEqual(
      positive.map((x) => -x),
    );
  });
});

describe("types that are not read", () => {
  const header = {
    a: { dtype: "F4", shape: [3, 2], data_offsets: [0, 3] },
    b: { dtype: "F32", shape: [1], data_offsets: [3, 7] },
    c: { dtype: "C64", shape: [], data_offsets: [7, 15] },
    d: { dtype: "Q3_\u001b", shape: [5, 5], data_offsets: [15, 17] }, // of a version to come
  };
  const bytes = file(header, [1, 2, 3, 0, 0, 128, 63, ...new Array<number>(10).fill(0)]);
  const read = decode(bytes, "f");

  test("are listed, and the others are read", () => {
    expect([...read.tensors]).toEqual([["b", tensor([1])]]);
    expect(read.skipped.map(({ name, dtype, shape }) => ({ name, dtype, shape }))).toEqual(
      (["a", "c", "d"] as const).map((name) => ({
        name,
        dtype: header[name].dtype,
        shape: header[name].shape,
      })),
    );
  });
  test("asked for, they say why", () => {
    expect(tensorOf(read, "b", "f")).toEqual(tensor([1]));
    expect(() => tensorOf(read, "a", "f")).toThrowErrorMatchingInlineSnapshot(
      `[Error: f: tensor "a" was not read, got F4 [3,2], and there is no such type here; convert it to float]`,
    );
    expect(() => tensorOf(read, "d", "f")).toThrowErrorMatchingInlineSnapshot(
      `[Error: f: tensor "d" was not read, got "Q3_\\u001b" [5,5], and there is no such type here; convert it to float]`,
    );
    expect(() => tensorOf(read, "B", "f")).toThrowErrorMatchingInlineSnapshot(
      `[Error: f: there is no tensor "B", got "b"; check the name]`,
    );
    expect(() => tensorOf(decode(file("{}"), "f"), "B", "f")).toThrowErrorMatchingInlineSnapshot(
      `[Error: f: there is no tensor "B", got none; check the name]`,
    );
  });
  test("have their size where it is known", () => {
    const half = { ...header.a, shape: [5] };
    expect(() => decode(file({ half }, [1, 2, 3]), "f")).toThrowErrorMatchingInlineSnapshot(
      `[Error: f: tensor "half" of F4 [5] takes 2.5 bytes, got 3; save it again]`,
    );
  });
});

test("what cannot be written", () => {
  const write = (name: string, value: Tensor) => () => encode(new Map([[name, value]]));
  expect(write("__metadata__", tensor(1))).toThrowErrorMatchingInlineSnapshot(
    `[Error: safetensors: "__metadata__" is the format's own name, got a tensor of that name; rename it]`,
  );
  expect(write("x", { ...tensor([1, 2]), shape: [3] })).toThrowErrorMatchingInlineSnapshot(
    `[Error: safetensors: "x" has shape [3], got 2 values; make it with \`tensor\`]`,
  );
  expect(write("x", { ...tensor([1, 2]), dtype: "int32" })).toThrowErrorMatchingInlineSnapshot(
    `[Error: safetensors: "x" is int32, got its data as Float32Array; make it with \`tensor\`]`,
  );
});
