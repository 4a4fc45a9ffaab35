/** NumPy's arrays: what NumPy reads of them is what is read here, and back. */
import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { npyEntry, npyHeader } from "../../src/checkpoints/npy.ts";
import { bytesOf, entryOf, type Entry } from "../../src/checkpoints/entry.ts";
import { f32, golden, lacks, names, open, python, valuesOf, written } from "./read.ts";

interface Stored {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | boolean)[];
}
const { arrays } = JSON.parse(new TextDecoder().decode(golden("numpy_files.json"))) as {
  readonly arrays: readonly (readonly [string, Stored])[];
};

test.each(["numpy_stored.npz", "numpy_deflated.npz"])("%s has what NumPy reads", async (file) => {
  const { entries, leftOut } = await open(golden(file));
  const expected = arrays.filter(([name]) => name !== "zeros" || file.includes("deflated"));
  expect(names(entries)).toEqual(expected.map(([name]) => name));
  for (const [i, [name, { shape, data }]] of expected.entries()) {
    expect([name, entries[i].shape]).toEqual([name, shape]);
    expect([name, await valuesOf(entries[i])]).toEqual([name, data.map(Number)]);
  }
  expect(leftOut.map(({ name }) => name)).toEqual(["text", "objects", "records"]);
});

const header = (text: string): Uint8Array => {
  const bytes = new TextEncoder().encode(text);
  return Uint8Array.from([
    0x93,
    ..."NUMPY".split("").map((c) => c.charCodeAt(0)),
    1,
    0,
    bytes.length & 255,
    bytes.length >> 8,
    ...bytes,
  ]);
};
describe("a header is parsed, and never evaluated", () => {
  const refused = async (text: string): Promise<string> =>
    open(header(text), "a.npy").then(
      () => "read",
      (error: unknown) => (error as Error).message,
    );
  test.each([
    "{'descr': '<f4', 'fortran_order': __import__('os').system('x'), 'shape': (0,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (10**9, 10**9), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
    `{'descr': '<f4', 'fortran_order': False, 'shape': (${"1,".repeat(65)}), }`,
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
    "not a dict",
    "",
  ])("%s", async (text) => {
    expect(await refused(text)).toMatch(/^a\.npy: .+, got .+; save it again$/s);
  });
});

test("what is written is read, of any type and shape", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }),
      fc.constantFrom("F64", "F32", "F16", "I64", "I8", "U16", "BOOL", "C128"),
      async (shape, dtype) => {
        const head = npyHeader(dtype, shape)!;
        expect(head.length % 64).toBe(0);
        const bits = { F64: 64, F32: 32, F16: 16, I64: 64, I8: 8, U16: 16, BOOL: 8, C128: 128 };
        const size = (shape.reduce((a, b) => a * b, 1) * bits[dtype as "F64"]) / 8;
        const bytes = Uint8Array.from([
          ...head,
          ...Array.from({ length: size }, (_, i) => i % 251),
        ]);
        const { chunks } = entryOf("", "U8", [bytes.length], () => bytes);
        const found = await npyEntry({ name: "a", where: "a", size: bytes.length, chunks });
        expect(found).toMatchObject({ name: "a", dtype, shape });
        expect([...(await bytesOf(found as Entry))]).toEqual([...bytes.subarray(head.length)]);
      },
    ),
    { numRuns: 60 },
  );
});

test("types that NumPy has not are refused before anything is written", async () => {
  const bf = entryOf("a", "BF16", [1], () => new Uint8Array(2));
  await expect(written("x.npz", [bf])).rejects.toThrow(
    'x.npz: expected types that NumPy has, got BF16 in "a"; convert them to float32, or choose another format',
  );
});

const missing = lacks("numpy");
describe.skipIf(missing)(missing ? "NumPy (skipped: it is not installed)" : "NumPy", () => {
  test("loads what is written here", async () => {
    const folder = mkdtempSync(join(tmpdir(), "weightnorm-numpy-"));
    const file = join(folder, "x.npz");
    const entries = [
      f32("a.weight", [2, 2], [1, 2, 3, 4]),
      f32("b", [], [5]),
      f32("c", [3], [6, 7, 8]),
    ];
    writeFileSync(file, await written("x.npz", entries));
    const said = python(
      "import json, sys, numpy as np\nz = np.load(sys.argv[1])\nprint(json.dumps({k: z[k].tolist() for k in z.files}))",
      file,
    );
    expect(JSON.parse(said)).toEqual({
      "a.weight": [
        [1, 2],
        [3, 4],
      ],
      b: 5,
      c: [6, 7, 8],
    });
    rmSync(folder, { recursive: true });
  }, 60_000);
});
