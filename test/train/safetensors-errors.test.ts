/** What is no safetensors file, is not whole, or makes no sense: each told, and nothing taken on trust. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tensor } from "../../src/runtime/program.ts";
import { decode, encode, tensorOf } from "../../src/train/safetensors.ts";
import { fileOf as file } from "./safetensors-file.ts";

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
      `[Error: w.safetensors: not a safetensors file, got a header of 578712552184433500 bytes; if it is PyTorch's .pt, make one of it with \`weightnorm convert\`]`,
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

  test("a type may have the name of what every object has, and is none", () => {
    for (const dtype of ["constructor", "__proto__", "toString", ""])
      expect(read({ x: { ...x, dtype } })()).toEqual({
        tensors: new Map(),
        metadata: {},
        skipped: [{ name: "x", dtype, shape: [1], why: "there is no such type here" }],
      });
    expect(() =>
      tensorOf(read({ x: { ...x, dtype: "F\u009b32\u202e" } })(), "x", "f"),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: f: tensor "x" was not read, got "F\\u009b32\\u202e" [1], and there is no such type here; convert it to float]`,
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
