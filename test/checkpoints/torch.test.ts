/** PyTorch's files, in both forms: what Python reads of them is what is read here, and what is written here Python reads. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { golden, lacks, names, open, python, valuesOf, written } from "./read.ts";

interface Stored {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | boolean)[];
}
const { tensors } = JSON.parse(new TextDecoder().decode(golden("torch_files.json"))) as {
  readonly tensors: readonly (readonly [string, Stored])[];
};
const TYPES: Readonly<Record<string, string>> = {
  ...{ float32: "F32", float64: "F64", float16: "F16", bfloat16: "BF16", complex64: "C64" },
  ...{ int64: "I64", int32: "I32", int16: "I16", int8: "I8", uint8: "U8", bool: "BOOL" },
};

describe.each(["torch_zip.pth", "torch_older.pth"])("%s", (file) => {
  test("has the tensors that Python reads, by dotted names", async () => {
    const { entries } = await open(golden(file));
    expect(names(entries)).toEqual(tensors.map(([name]) => name));
    for (const [i, [name, { dtype, shape, data }]] of tensors.entries()) {
      const entry = entries[i];
      expect([name, entry.dtype, entry.shape]).toEqual([name, TYPES[dtype], shape]);
      expect([name, await valuesOf(entry)]).toEqual([name, data.map(Number)]);
    }
  });
  test("and names what is no tensor, a dict without one as a whole", async () => {
    const { leftOut } = await open(golden(file));
    expect(leftOut.map(({ name, why }) => `${name}: ${why}`)).toMatchInlineSnapshot(`
      [
        "args: an object of "argparse.Namespace"",
        "step: 12",
        "large: 1180591620717411303424",
        "optimizer.state.0.step: 3",
        "optimizer.param_groups: a list of 1",
        "numpy: an object of "numpy.core.multiarray._reconstruct"",
        "none: None",
      ]
    `);
  });
  test("comes out as it was", async () => {
    const { entries } = await open(golden(file));
    const again = await open(await written("x.pth", entries));
    expect(names(again.entries)).toEqual(names(entries));
    for (const [i, entry] of entries.entries())
      expect(await valuesOf(again.entries[i])).toEqual(await valuesOf(entry));
  });
});

const missing = lacks("torch");
const title = missing ? "PyTorch (skipped: python3-torch is not installed)" : "PyTorch";
describe.skipIf(missing)(title, () => {
  const folder = mkdtempSync(join(tmpdir(), "weightnorm-torch-"));
  test("loads what is written here, weights alone too, and finds the same numbers", async () => {
    const { entries } = await open(golden("torch_zip.pth"));
    const file = join(folder, "x.pth");
    writeFileSync(file, await written("x.pth", entries));
    const said = python(
      `
import json, sys, torch
out = []
for options in [{}, {"weights_only": True}]:
    x = torch.load(sys.argv[1], **options)
    out.append([[k, list(v.shape), str(v.dtype).split(".")[1], (torch.view_as_real(v) if v.is_complex() else v).reshape(-1).tolist()] for k, v in x.items()])
print(json.dumps(out))`,
      file,
    );
    const expected = tensors.map(([name, x]) => [name, x.shape, x.dtype, x.data]);
    expect(JSON.parse(said)).toEqual([expected, expected]);
    rmSync(folder, { recursive: true });
  }, 60_000);
});
