import fc from "fast-check";
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { Dtype } from "../../src/graph/index.ts";
import { tensor, type Tensor, type TensorData } from "../../src/runtime/program.ts";
import { decode, encode } from "../../src/train/safetensors.ts";

/** A file from its header, written as it stands, and its data. */
const file = (header: unknown, data: readonly number[] | Uint8Array = []): Uint8Array => {
  const text = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const length = [text.length & 255, text.length >> 8, 0, 0, 0, 0, 0, 0];
  return Uint8Array.from([...length, ...text, ...data]);
};

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
    expect(decode(file("{}"), "f")).toEqual({ tensors: new Map(), metadata: {} });
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
  ): Tensor =>
    decode(file({ x: { dtype, shape, data_offsets: [0, data.length] } }, data), "f").tensors.get(
      "x",
    )!;
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
    expect(() => read("I64", longs(2n ** 31n), [1])).toThrowErrorMatchingInlineSnapshot(
      `[Error: f: tensor "x" is read as int32, got 2147483648; convert it to float]`,
    );
  });
});

describe("errors", () => {
  const x = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
  const read =
    (header: unknown, data: readonly number[] | Uint8Array = [0, 0, 0, 0]) =>
    () =>
      decode(file(header, data), "w.safetensors");
  const readBytes = (bytes: Uint8Array) => () => decode(bytes, "w.safetensors");
  const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

  test("what is not a safetensors file", () => {
    expect(readBytes(ascii("hello"))).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: not a safetensors file, got 5 bytes; check the path]`,
    );
    expect(readBytes(ascii("hello, world"))).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: not a safetensors file, got a header of 8583909746840200000 bytes; check the path]`,
    );
    expect(readBytes(ascii("PK\x03\x04\0\0\x08\x08\0\0\0"))).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: not a safetensors file, got a header of 578712552184433500 bytes; if it is PyTorch's .pt, convert it with safetensors.torch]`,
    );
    expect(
      readBytes(ascii("version https://git-lfs.github.com/spec/v1\n")),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: not a safetensors file, got a header of 2336927755350992400 bytes; if it is a Git LFS pointer, run \`git lfs pull\`]`,
    );
    expect(
      readBytes(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: not a safetensors file, got a header that does not begin with {; gunzip it]`,
    );
    expect(read('["a"]')).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: not a safetensors file, got a header that does not begin with {; check the path]`,
    );
    expect(read('{"a":')).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: its header: expected JSON, got "{\\"a\\":"; save it again]`,
    );
    expect(
      readBytes(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff)),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: not a safetensors file, got a header that is no text; check the path]`,
    );
  });

  test("what is not whole", () => {
    const whole = file({ x }, [0, 0, 0, 0]);
    expect(readBytes(whole.subarray(0, 30))).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: truncated, expected a header of 54 bytes, got 22; copy or save it again]`,
    );
    expect(readBytes(whole.subarray(0, -1))).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: truncated, expected 4 bytes of tensors, got 3; copy or save it again]`,
    );
    expect(readBytes(new Uint8Array([...whole, 0]))).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: expected 4 bytes of tensors, got 1 more after them; copy or save it again]`,
    );
  });

  test("a tensor that does not make sense", () => {
    expect(read({ x: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" needs a dtype, got 3; save it again]`,
    );
    expect(read({ x: { ...x, dtype: "F8_E4M3" } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" has an unknown dtype, got "F8_E4M3"; convert it to one of F64 F32 F16 BF16 I64 I32 U32 BOOL]`,
    );
    expect(read({ x: { ...x, dtype: "constructor" } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" has an unknown dtype, got "constructor"; convert it to one of F64 F32 F16 BF16 I64 I32 U32 BOOL]`,
    );
    expect(read({ x: { ...x, shape: [-1] } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" needs a shape of whole numbers, got [-1]; save it again]`,
    );
    expect(read({ x: { ...x, shape: 4 } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" needs a shape of whole numbers, got 4; save it again]`,
    );
    expect(read({ x: { ...x, shape: [2] } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" of F32 [2] takes 8 bytes, got 4; save it again]`,
    );
    expect(read({ x: { ...x, shape: [2 ** 40, 2 ** 40] } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" of F32 [1099511627776,1099511627776] takes 4.835703278458517e+24 bytes, got 4; save it again]`,
    );
    expect(read({ x: { ...x, data_offsets: [4, 0] } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" needs data_offsets [begin, end], got [4,0]; save it again]`,
    );
    expect(read({ x: { dtype: "F32", shape: [1] } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" needs data_offsets [begin, end], got nothing; save it again]`,
    );
    expect(
      read({ x: { dtype: "BOOL", shape: [4], data_offsets: [0, 4] } }, [0, 1, 2, 0]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" of BOOL holds 0 or 1, got 2; save it again]`,
    );
    expect(read({ __metadata__: { k: 1 }, x })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: metadata must be an object of strings, got {"k":1}; save it again]`,
    );
  });

  test("sizes that no file has", () => {
    const most = Number.MAX_SAFE_INTEGER;
    expect(read({ x: { ...x, shape: [2 ** 53] } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" needs a shape of whole numbers, got [9007199254740992]; save it again]`,
    );
    expect(read({ x: { ...x, shape: [most, most, most] } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" of F32 [9007199254740991,9007199254740991,9007199254740991] takes 2.923003274661805e+48 bytes, got 4; save it again]`,
    );
    expect(
      read({ x: { ...x, shape: [most], data_offsets: [0, 4 * most] } }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" needs data_offsets [begin, end], got [0,36028797018963964]; save it again]`,
    );
    expect(
      read({ x: { ...x, shape: [2 ** 50], data_offsets: [0, 2 ** 52] } }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: truncated, expected 4503599627370496 bytes of tensors, got 4; copy or save it again]`,
    );
    const none = {
      dtype: "F64",
      shape: [...new Array<number>(40).fill(most), 0],
      data_offsets: [0, 0],
    };
    expect(decode(file({ none }), "f").tensors.get("none")!.data).toEqual(new Float64Array(0));
    expect(
      read({ x: { ...x, shape: new Array(1000).fill(1) } }, []),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: truncated, expected 4 bytes of tensors, got 0; copy or save it again]`,
    );
  });

  test("names and values of a file do nothing to a terminal, and fill no more than a line", () => {
    expect(read({ [`\u001b[2J\n${"x".repeat(1000)}`]: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "\\u001b[2J…" needs a dtype, got 3; save it again]`,
    );
    expect(read({ x: { ...x, dtype: "F\u009b32\u202e" } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "x" has an unknown dtype, got "F\\u009b32\\u202e"; convert it to one of F64 F32 F16 BF16 I64 I32 U32 BOOL]`,
    );
    expect(read({ __metadata__: { k: ["long ".repeat(100)] } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: metadata must be an object of strings, got {"k":["long long long long long long long long long long lon…; save it again]`,
    );
    expect(read({ __metadata__: null, x })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: metadata must be an object of strings, got null; save it again]`,
    );
    const deep = `{"x":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
    expect(read(deep)).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: its header: expected JSON of at most 100 levels, got more; save it again]`,
    );
  });

  test("a tensor may have the name of what every object has", () => {
    for (const name of ["__proto__", "constructor", "toString", ""]) {
      const header = `{${JSON.stringify(name)}:${JSON.stringify(x)}}`;
      expect(decode(file(header, [0, 0, 128, 63]), "f").tensors.get(name)).toEqual(tensor([1]));
    }
    expect(
      read('{"__metadata__":{"__proto__":"a"},"toString":{}}'),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: tensor "toString" needs a dtype, got {}; save it again]`,
    );
  });

  test("tensors that do not make sense together", () => {
    const eight = [0, 0, 0, 0, 0, 0, 0, 0];
    expect(
      read({ x, y: { ...x, data_offsets: [2, 6] } }, eight.slice(2)),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: another tensor overlaps "y", got its bytes at 2 and the end of the one before at 4; save it again]`,
    );
    expect(read({ x, y: x })).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: another tensor overlaps "y", got its bytes at 0 and the end of the one before at 4; save it again]`,
    );
    expect(read({ y: { ...x, data_offsets: [4, 8] } }, eight)).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: a hole lies before "y", got its bytes at 4 and the end of the one before at 0; save it again]`,
    );
    // JSON.parse would keep the last of two entries of one name, and not say so.
    const twice = `{"x":${JSON.stringify(x)},"x":${JSON.stringify({ ...x, data_offsets: [4, 8] })}}`;
    expect(read(twice, eight)).toThrowErrorMatchingInlineSnapshot(
      `[Error: w.safetensors: its header: expected every name once in an object, got "x" twice; save it again]`,
    );
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

  test("every cut of a file is found", () => {
    const whole = encode(new Map([["x", tensor([1, 2, 3])]]), { a: "b" });
    for (let n = 0; n < whole.length; n++)
      expect(() => decode(whole.subarray(0, n), "f")).toThrow(/^f: .+, got .+; /);
  });

  test("no damage gives anything but an error of ours or tensors that fit", () => {
    const tensors = { x: tensor([1, 2, 3]), y: tensor([4], [1, 1], "int32") };
    const whole = encode(new Map(Object.entries(tensors)), { a: "b" });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        try {
          for (const { shape, data } of decode(whole.with(at, value), "f").tensors.values())
            expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
        } catch (error) {
          expect((error as Error).message).toMatch(/^f: .+ got .+; /);
        }
      }),
      { numRuns: 500 },
    );
  });
});
