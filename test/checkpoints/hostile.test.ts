/** Files that are made to run something, to take all memory, to hang or to write elsewhere: each is refused, or read for what it is. */
import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { torchGlobals } from "../../src/checkpoints/torch-globals.ts";
import { flatten } from "../../src/checkpoints/flatten.ts";
import { unpickle } from "../../src/checkpoints/pickle.ts";
import { entryOf } from "../../src/checkpoints/entry.ts";
import {
  encodeSafetensors,
  memorySink,
  memorySource,
  openWeights,
  tensor,
} from "../../src/index.ts";
import { writeZip } from "../../src/checkpoints/zip-writer.ts";
import { f32, names, none, open, valuesOf, written } from "./read.ts";

const ascii = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0));
const pickle = (...parts: readonly (string | number | readonly number[])[]): Uint8Array =>
  Uint8Array.from([
    0x80,
    2,
    ...parts.flatMap((part) => (typeof part === "string" ? ascii(part) : part)),
    0x2e,
  ]);
const read = (bytes: Uint8Array): ReturnType<typeof flatten> =>
  flatten(unpickle(bytes, { where: "f", known: torchGlobals }).value, "f");
const unicode = (text: string): readonly number[] => [0x58, text.length, 0, 0, 0, ...ascii(text)];
const EMPTY_LIST = "]";
const APPEND = "a";

describe("a pickle", () => {
  test("calls nothing: a function is kept by its name", () => {
    const bytes = pickle("cos\nsystem\n", unicode("echo owned"), 0x85, "R");
    expect(read(bytes)).toEqual({
      tensors: new Map(),
      leftOut: [{ name: "all of it", why: 'an object of "os.system"' }],
    });
    const built = pickle(
      "cbuiltins\neval\n",
      unicode("1"),
      0x85,
      "R",
      "}",
      unicode("x"),
      "Ns",
      "b",
    );
    expect(read(built).tensors.size).toBe(0);
  });
  test("may be deep", () => {
    const depth = 200_000;
    const { leftOut } = read(pickle(EMPTY_LIST.repeat(depth), APPEND.repeat(depth - 1)));
    expect(leftOut).toHaveLength(1);
  });
  test("that names one value 2^60 times comes to an end", () => {
    // Each list has the one before twice.
    const levels = Array.from({ length: 60 }, (_, i) => {
      const twice = [0x68, i, 0x61, 0x68, i, 0x61];
      return [0x5d, 0x71, i + 1, ...twice];
    });
    const bytes = pickle("]", [0x71, 0], levels.flat());
    expect(() => read(bytes)).toThrow(/^f: expected at most 1000000 values, got more; /);
  });
  test("that is a part of itself is left out", () => {
    const { leftOut } = read(pickle("}", [0x71, 0], unicode("self"), [0x68, 0], "s"));
    expect(leftOut).toEqual([{ name: "self", why: "it is a part of itself" }]);
  });
  test("of nothing but dicts makes no more than a million", () => {
    expect(() => read(new Uint8Array(3_000_000).fill(0x7d))).toThrow(
      /^f: expected at most 1000000 objects in its pickle, got more; /,
    );
  });
  test("with a name such as __proto__ changes nothing", () => {
    const { leftOut } = read(pickle("}", unicode("__proto__"), "}", unicode("a"), [0x4b, 1], "ss"));
    expect(leftOut).toEqual([{ name: "__proto__", why: "a dict of 1" }]);
    expect(({} as { readonly a?: number }).a).toBeUndefined();
  });
  test.each([
    ["text opcodes", pickle("I1\n")],
    ["a value too few", pickle("R")],
    ["no such memo", pickle([0x68, 9])],
    ["items of a number", pickle([0x4b, 1], "(", [0x4b, 1, 0x4b, 1], "u")],
    ["cut short", pickle("}", [0x58, 255, 255, 255, 255])],
    ["arguments that do not fit", pickle("ctorch._utils\n_rebuild_tensor_v2\n", ")", "R")],
  ])("%s", (_, bytes) => {
    expect(() => read(bytes)).toThrow(/^f: .+, got .+; .+/);
  });
});

describe("an archive", () => {
  const bytesOf = async (name: string, content: Uint8Array): Promise<Uint8Array> => {
    const sink = memorySink();
    const { chunks } = entryOf("", "U8", [content.length], () => content);
    await writeZip(sink, [{ name, size: content.length, chunks }]);
    return sink.bytes();
  };
  test("whose views say more than it holds is refused before anything is made", async () => {
    const file = await written("x.pth", [f32("a", [300, 300], new Array(90_000).fill(1))]);
    // The shape stands once as two BININT of 300, then come the strides, 300 and 1.
    const text = Buffer.from(file).toString("latin1");
    const at = text.indexOf("(J\u002c\u0001\0\0J\u002c\u0001\0\0t");
    const view = new DataView(file.buffer);
    for (const place of [at + 2, at + 7]) view.setInt32(place, 2 ** 20, true);
    for (const place of [at + 14, at + 19]) view.setInt32(place, 0, true);
    await expect(open(file)).rejects.toThrow(
      /^f: expected about as many values as it has, got 4398046511104 /,
    );
    view.setInt32(at + 14, -1, true);
    await expect(open(file)).rejects.toThrow(
      /is no view of its storage, got strides or an offset that are no counts/,
    );
    view.setInt32(at + 14, 7, true);
    await expect(open(file)).rejects.toThrow(
      /is no view of its storage, got its last value at 7340025 of 90000/,
    );
  });
  test("that says less or more than its bytes are is refused", async () => {
    const file = await bytesOf("a.npy", new Uint8Array(100));
    const central = Buffer.from(file).indexOf("PK\x01\x02", 0, "latin1");
    for (const [offset, value] of [
      [20, 10_000],
      [24, 4_000_000],
      [42, 99],
      [10, 99],
      [28, 60_000],
    ] as const) {
      const changed = Uint8Array.from(file);
      new DataView(changed.buffer).setUint16(central + offset, value % 65536, true);
      await expect(open(changed), `${offset}`).rejects.toThrow(/^f: .+, got .+; .+/);
    }
  });
  test("that unpacks to far more than it is, is unpacked no further than it says", async () => {
    const packed = deflateRawSync(new Uint8Array(10_000_000));
    const file = await bytesOf("a.npy", packed);
    const view = new DataView(file.buffer);
    const central = Buffer.from(file).indexOf("PK\x01\x02", 0, "latin1");
    view.setUint16(central + 10, 8, true); // deflated
    view.setUint32(central + 24, 1000, true); // and said to be small
    await expect(open(file)).rejects.toThrow(/^f: a\.npy: .+, got .+; .+/);
  });
  test("has names, and no paths", async () => {
    const { entries } = await open(await written("x.npz", [f32("../../evil", [1], [5])]));
    expect(names(entries)).toEqual(["../../evil"]);
    expect(await valuesOf(entries[0])).toEqual([5]);
  });
  test("may be cut anywhere", async () => {
    for (const ending of [".pth", ".npz", ".safetensors"]) {
      const file = await written(`x${ending}`, [f32("a", [2, 2], [1, 2, 3, 4])]);
      for (let length = 0; length < file.length; length += 7)
        await expect(open(file.subarray(0, length)), `${ending} ${length}`).rejects.toThrow(
          /^f: .+, got .+; .+/,
        );
    }
  });
});

describe("an index", () => {
  const index = (map: unknown): Uint8Array =>
    new TextEncoder().encode(JSON.stringify({ weight_map: map }));
  const shard = encodeSafetensors(
    new Map([
      ["a", tensor([1])],
      ["b", tensor([2])],
    ]),
  );
  const beside = (name: string): ReturnType<typeof none> =>
    name === "s.safetensors" ? Promise.resolve(memorySource(shard, name)) : none(name);
  test("gives what it names, in its order, and says what it does not", async () => {
    const { entries, leftOut } = await openWeights(
      memorySource(index({ b: "s.safetensors" }), "f"),
      beside,
    );
    expect(names(entries)).toEqual(["b"]);
    expect(leftOut).toEqual([{ name: "a", why: "the index does not name it in s.safetensors" }]);
  });
  test.each([[{ c: "s.safetensors" }], [{}], [{ a: 1 }], [[]], ["x"]])(
    "%j is refused",
    async (map) => {
      await expect(openWeights(memorySource(index(map), "f"), beside)).rejects.toThrow(
        /^f: .+, got .+; .+/,
      );
    },
  );
});
