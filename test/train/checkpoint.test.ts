import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parameter, type Shape } from "../../src/graph/index.ts";
import { initialState, tensor } from "../../src/runtime/program.ts";
import {
  checkState,
  crc32,
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
} from "../../src/train/checkpoint.ts";
import { decode, encode } from "../../src/train/safetensors.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const zeros = (name: string, shape: Shape): ReturnType<typeof parameter> =>
  parameter(name, shape, { init: { kind: "constant", value: 0 } });

const parameters = [zeros("dense/v", [2, 3]), zeros("dense/g", [2, 1])];
const sample: Checkpoint = {
  state: initialState(parameters, 1),
  step: 1200,
  seed: 7,
  config: { arm: "weight", lr: 3e-4, layers: [500, 500], resume: null },
  progress: { best: 0.0123, epoch: 2, done: false },
};

test("crc32 is zlib's", () => {
  expect(crc32(ascii("123456789"))).toBe(0xcbf43926); // the check value of the catalogue of CRCs
  expect(crc32(new Uint8Array())).toBe(0);
  expect(crc32(ascii("The quick brown fox jumps over the lazy dog"))).toBe(0x414fa339);
});

describe("round trip", () => {
  const values = fc.jsonValue({ depthSize: "small" });
  const records = fc.dictionary(fc.string(), values, { noNullPrototype: true });

  test("all of it comes back, -0 and the last bit of every number included", () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.maxSafeNat(),
        records,
        fc.dictionary(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), {
          noNullPrototype: true,
        }),
        (step, seed, config, progress) => {
          const checkpoint: Checkpoint = { ...sample, step, seed, config, progress };
          expect(decodeCheckpoint(encodeCheckpoint(checkpoint), "c")).toStrictEqual(checkpoint);
        },
      ),
    );
  });

  test("an option that is undefined is left out", () => {
    const { config } = decodeCheckpoint(
      encodeCheckpoint({ ...sample, config: { a: undefined, b: 1 } }),
      "c",
    );
    expect(config).toStrictEqual({ b: 1 });
  });

  test("a file that another tool read and wrote anew is still a checkpoint", () => {
    const { tensors, metadata } = decode(encodeCheckpoint(sample), "c");
    const rewritten = encode(tensors, Object.fromEntries(Object.entries(metadata).reverse()));
    const spaced = new Uint8Array(rewritten.length + 8).fill(0x20); // its header may be padded otherwise
    const length = Number(new DataView(rewritten.buffer).getBigUint64(0, true));
    spaced.set(rewritten.subarray(0, 8 + length));
    spaced.set(rewritten.subarray(8 + length), 16 + length);
    new DataView(spaced.buffer).setBigUint64(0, BigInt(length + 8), true);
    expect(decodeCheckpoint(spaced, "c")).toStrictEqual(sample);
  });
});

describe("damage", () => {
  test("no flipped bit goes unnoticed", () => {
    const bytes = encodeCheckpoint(sample);
    for (let at = 0; at < bytes.length; at++)
      for (let bit = 0; bit < 8; bit++) {
        const damaged = bytes.with(at, bytes[at] ^ (1 << bit));
        let read: Checkpoint;
        try {
          read = decodeCheckpoint(damaged, "c");
        } catch (error) {
          expect((error as Error).message).toMatch(/^c: .+ got .+; /s);
          continue;
        }
        expect(read).toStrictEqual(sample); // only what carries no meaning may differ: the padding
      }
  });

  const open = (bytes: Uint8Array) => () => decodeCheckpoint(bytes, "run.safetensors");

  test("is told", () => {
    const bytes = encodeCheckpoint(sample);
    expect(open(bytes.with(bytes.length - 1, 1))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: the file is damaged, expected checksum 4522b01a, got 3225808c; use an earlier checkpoint]`,
    );
    expect(open(bytes.subarray(0, -4))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: truncated, expected 32 bytes of tensors, got 28; copy or save it again]`,
    );
    expect(open(new Uint8Array())).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: not a safetensors file, got 0 bytes; check the path]`,
    );
    const { tensors, metadata } = decode(bytes, "c");
    const { format } = metadata;
    expect(open(encode(tensors, { format }))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: a checkpoint needs "crc32", got only format; use an earlier checkpoint]`,
    );
    const sum = crc32(encode(tensors, { format, crc32: "" }));
    const signed = { format, crc32: sum.toString(16).padStart(8, "0") };
    expect(open(encode(tensors, signed))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: a checkpoint needs "step", got only crc32, format; use an earlier checkpoint]`,
    );
  });

  test("what was not read is none of ours, though no checksum runs over it", () => {
    const bytes = Buffer.from(encodeCheckpoint(sample)).toString("latin1");
    const other = (dtype: string): Uint8Array =>
      Buffer.from(bytes.replace('"dtype":"F32"', `"dtype":"${dtype}"`), "latin1");
    expect(open(other("F3\u00e4"))).toThrow("not a safetensors file");
    expect(open(other("Q32"))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: the file is damaged, got a tensor "dense/g" of type Q32; use an earlier checkpoint]`,
    );
  });

  /** A file whose metadata are not what saveCheckpoint writes, though its checksum is right. */
  const forged = (change: Readonly<Record<string, string>>): Uint8Array => {
    const { tensors, metadata } = decode(encodeCheckpoint(sample), "c");
    const texts = { ...metadata, ...change, crc32: "" };
    const sum = crc32(encode(tensors, texts)).toString(16).padStart(8, "0");
    return encode(tensors, { ...texts, crc32: sum });
  };

  test.each([
    "x",
    "",
    "-1",
    "1.5",
    "1e3",
    " 7",
    "0x10",
    "9007199254740992",
    "Infinity",
    "\u001b[0m",
  ])("a count of %j is none", (text) => {
    for (const name of ["step", "seed"])
      expect(open(forged({ [name]: text }))).toThrow(
        `run.safetensors: ${name} must be a whole number of at least 0, got ${JSON.stringify(text)}; use an earlier checkpoint`,
      );
  });

  test("what is no object of JSON is told", () => {
    expect(open(forged({}))).not.toThrow();
    expect(open(forged({ config: "null" }))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: config: expected a JSON object, got null; use an earlier checkpoint]`,
    );
    expect(open(forged({ progress: "[1]" }))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: progress: expected a JSON object, got [1]; use an earlier checkpoint]`,
    );
    expect(open(forged({ config: `{"a":` }))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: config: expected JSON, got "{\\"a\\":"; use an earlier checkpoint]`,
    );
    expect(open(forged({ progress: `{"loss":1e999}` }))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: progress: expected numbers below 1.8e308, got a larger one; use an earlier checkpoint]`,
    );
    expect(open(forged({ config: `{"a":1,"\\u0061":2}` }))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: config: expected every name once in an object, got "a" twice; use an earlier checkpoint]`,
    );
    const deep = `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
    expect(open(forged({ progress: deep }))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: progress: expected JSON of at most 100 levels, got more; use an earlier checkpoint]`,
    );
  });

  test("a foreign file is told from a damaged one", () => {
    const weights = new Map(Array.from({ length: 7 }, (_, i) => [`layer.${i}`, tensor([1, 2])]));
    expect(open(encode(weights, { format: "pt" }))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: not a checkpoint of weightnorm, got a safetensors file with "layer.0" float [2], "layer.1" float [2], "layer.2" float [2], "layer.3" float [2], "layer.4" float [2] and 2 more, metadata format=pt; give a file that saveCheckpoint wrote]`,
    );
    expect(open(encode(new Map()))).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: not a checkpoint of weightnorm, got a safetensors file with no tensors; give a file that saveCheckpoint wrote]`,
    );
    expect(
      open(encode(weights, { format: "weightnorm-checkpoint/2" })),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: this version reads weightnorm-checkpoint/1, got weightnorm-checkpoint/2; update weightnorm]`,
    );
  });
});

test("what JSON would lose is refused, by its path", () => {
  const save = (change: Partial<Checkpoint>) => () => encodeCheckpoint({ ...sample, ...change });
  expect(save({ progress: { losses: [1, NaN] } })).toThrowErrorMatchingInlineSnapshot(
    `[Error: checkpoint: progress.losses[1] must be a finite number, got NaN; leave it out or write null]`,
  );
  expect(save({ progress: { best: { loss: -Infinity } } })).toThrowErrorMatchingInlineSnapshot(
    `[Error: checkpoint: progress.best.loss must be a finite number, got -Infinity; leave it out or write null]`,
  );
  expect(save({ config: { sizes: Float32Array.of(1) } })).toThrowErrorMatchingInlineSnapshot(
    `[Error: checkpoint: config.sizes must be a plain JSON value, got Float32Array; make it numbers, strings, arrays and objects]`,
  );
  expect(save({ config: { sizes: [undefined] } })).toThrowErrorMatchingInlineSnapshot(
    `[Error: checkpoint: config.sizes[0] must be a plain JSON value, got undefined; make it numbers, strings, arrays and objects]`,
  );
  expect(save({ config: { big: 1n } })).toThrowErrorMatchingInlineSnapshot(
    `[Error: checkpoint: config.big must be a plain JSON value, got bigint; make it numbers, strings, arrays and objects]`,
  );
  expect(save({ config: { when: new Date(0) } })).toThrowErrorMatchingInlineSnapshot(
    `[Error: checkpoint: config.when must be a plain JSON value, got Date; make it numbers, strings, arrays and objects]`,
  );
  expect(save({ step: 1.5 })).toThrowErrorMatchingInlineSnapshot(
    `[Error: checkpoint: step must be a whole number of at least 0, got 1.5; round it]`,
  );
  expect(save({ seed: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[Error: checkpoint: seed must be a whole number of at least 0, got -1; round it]`,
  );
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(save({ config: { deep } })).toThrowErrorMatchingInlineSnapshot(
    `[Error: checkpoint: config.deep[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][… must have at most 100 levels, got more; make it flatter]`,
  );
  expect(save({ seed: 2 ** 53 })).toThrowErrorMatchingInlineSnapshot(
    `[Error: checkpoint: seed must be a whole number of at least 0, got 9007199254740992; round it]`,
  );
});

describe("checkState", () => {
  const check =
    (...changes: readonly (readonly [string, Shape | undefined])[]) =>
    () => {
      const state = new Map(sample.state);
      for (const [name, shape] of changes) {
        if (shape)
          state.set(name, tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape));
        else state.delete(name);
      }
      checkState(parameters, state, "run.safetensors");
    };

  test("a state that fits passes", () => {
    expect(check()).not.toThrow();
  });

  test("missing, unexpected and misshapen names are told at once", () => {
    expect(check(["dense/v", undefined])).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: the state does not fit the model, got no "dense/v"; use the configuration that it was saved with]`,
    );
    expect(check(["dense/b", [2]])).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: the state does not fit the model, got an unexpected "dense/b"; use the configuration that it was saved with]`,
    );
    expect(check(["dense/v", [3, 2]])).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: the state does not fit the model, got "dense/v" is float [3,2] instead of float [2,3]; use the configuration that it was saved with]`,
    );
    expect(
      check(["dense/v", [3, 2]], ["dense/g", undefined], ["w", [1]]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: the state does not fit the model, got no "dense/g"; an unexpected "w"; "dense/v" is float [3,2] instead of float [2,3]; use the configuration that it was saved with]`,
    );
    const state = new Map([...sample.state, ["dense/g", tensor([1, 1], [2, 1], "int32")] as const]);
    expect(() => checkState(parameters, state, "f")).toThrowErrorMatchingInlineSnapshot(
      `[Error: f: the state does not fit the model, got "dense/g" is int32 [2,1] instead of float [2,1]; use the configuration that it was saved with]`,
    );
  });

  test("many names are counted, not listed", () => {
    const many = Array.from({ length: 20 }, (_, i) => [`extra/${i}`, [1]] as const);
    expect(check(...many)).toThrowErrorMatchingInlineSnapshot(
      `[Error: run.safetensors: the state does not fit the model, got an unexpected "extra/0", "extra/1", "extra/2", "extra/3", "extra/4" and 15 more; use the configuration that it was saved with]`,
    );
  });
});
