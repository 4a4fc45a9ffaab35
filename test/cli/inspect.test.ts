/** `inspect` of files that others wrote: their names, their types, and what their names may hold. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeSafetensors, tensor } from "../../src/index.ts";
import { fileOf } from "../train/safetensors-file.ts";
import { within } from "./run.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weightnorm-inspect-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function inspected(bytes: Uint8Array, ...flags: readonly string[]): Promise<string> {
  const file = join(folder, "x.safetensors");
  await writeFile(file, bytes);
  const { code, stdout, stderr } = await within("inspect", file, ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.replaceAll(folder, "TMP");
}

test("PyTorch's names, in both schemes", async () => {
  const [v, g] = [tensor([3, 4, 0, 10], [2, 2]), tensor([2, 5], [2, 1])];
  const tensors = {
    "fc.weight_g": g,
    "fc.weight_v": v,
    "rnn.parametrizations.weight_ih_l0.original0": g,
    "rnn.parametrizations.weight_ih_l0.original1": v,
    "alone.weight_v": v,
  };
  const bytes = encodeSafetensors(new Map(Object.entries(tensors)), { format: "pt" });
  expect(await inspected(bytes)).toMatchInlineSnapshot(`
    "TMP/x.safetensors

    layer               |v|      g  1/|v|^2
    ───────────────────────────────────────
    fc                7.500  3.500  0.02500
    rnn.weight_ih_l0  7.500  3.500  0.02500

    tensor                                        type   shape   mean    std
    ────────────────────────────────────────────────────────────────────────
    alone.weight_v                               float  [2, 2]  4.250  3.631
    fc.weight_g                                  float  [2, 1]  3.500  1.500
    fc.weight_v                                  float  [2, 2]  4.250  3.631
    rnn.parametrizations.weight_ih_l0.original0  float  [2, 1]  3.500  1.500
    rnn.parametrizations.weight_ih_l0.original1  float  [2, 2]  4.250  3.631

    16 numbers in 5 tensors
    "
  `);
});

test("types that are read and types that are not", async () => {
  const header = {
    tokens: { dtype: "U8", shape: [2], data_offsets: [0, 2] },
    small: { dtype: "F8_E4M3", shape: [2], data_offsets: [2, 4] },
    packed: { dtype: "F4", shape: [3, 2], data_offsets: [4, 7] },
    ids: { dtype: "I64", shape: [1], data_offsets: [7, 15] },
  };
  const bytes = fileOf(header, [1, 3, 0x38, 0xb8, 1, 2, 3, 0, 0, 0, 0, 1, 0, 0, 0]);
  expect(await inspected(bytes)).toMatchInlineSnapshot(`
    "TMP/x.safetensors

    tensor   type   shape      mean       std
    ─────────────────────────────────────────
    tokens  int32     [2]     2.000     1.000
    small   float     [2]     0.000     1.000
    packed     F4  [3, 2]  not read  not read
    ids       I64     [1]  not read  not read

    packed was not read: there is no such type here
    ids was not read: int32 does not hold its 4294967296

    11 numbers in 4 tensors
    "
  `);
  const { tensors } = JSON.parse(await inspected(bytes, "--json")) as { readonly tensors: unknown };
  expect(tensors).toMatchInlineSnapshot(`
    [
      {
        "dtype": "int32",
        "finite": true,
        "mean": 2,
        "name": "tokens",
        "shape": [
          2,
        ],
        "std": 1,
      },
      {
        "dtype": "float",
        "finite": true,
        "mean": 0,
        "name": "small",
        "shape": [
          2,
        ],
        "std": 1,
      },
      {
        "dtype": "F4",
        "name": "packed",
        "shape": [
          3,
          2,
        ],
        "why": "there is no such type here",
      },
      {
        "dtype": "I64",
        "name": "ids",
        "shape": [
          1,
        ],
        "why": "int32 does not hold its 4294967296",
      },
    ]
  `);
});

test("what a name holds does nothing to a terminal", async () => {
  const name = "\u001b[2J\u009b31m\u202edense1\u2028";
  const tensors = new Map([
    [`${name}.v`, tensor([3, 4], [1, 2])],
    [`${name}.g`, tensor([5], [1, 1])],
  ]);
  const bytes = encodeSafetensors(tensors, {
    [name]: name,
    step: name,
    config: `{"lr":1,"\u009b":2}`,
  });
  const raw = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e]/;
  const text = await inspected(bytes);
  expect(text).not.toMatch(raw);
  expect(text.split("\n", 1)[0]).toBe(
    "TMP/x.safetensors: step \\u001b[2J\\u009b31m\\u202edense1\\u2028",
  );
  const json = await inspected(bytes, "--json");
  expect(json).not.toMatch(raw);
  const {
    tensors: listed,
    layers,
    metadata,
  } = JSON.parse(json) as Record<string, Record<string, unknown>>;
  expect(listed).toMatchObject([{ name: `${name}.v` }, { name: `${name}.g` }].toReversed());
  expect(layers).toMatchObject([{ layer: name, v: 5, g: 5 }]);
  expect(metadata).toMatchObject({ [name]: name, config: { lr: 1, "\u009b": 2 } });
});

test("another program's metadata is no configuration", async () => {
  for (const config of ["null", "3", "[", `${"[".repeat(5000)}${"]".repeat(5000)}`]) {
    const bytes = encodeSafetensors(new Map([["x", tensor([1])]]), { config });
    const { metadata } = JSON.parse(await inspected(bytes, "--json")) as {
      readonly metadata: unknown;
    };
    expect(metadata).toEqual({ config });
  }
});
