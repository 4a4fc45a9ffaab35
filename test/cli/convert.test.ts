/** `convert`, as its users run it: what it says, what it writes, and what it refuses. */
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeSafetensors } from "../../src/index.ts";
import { golden } from "../checkpoints/read.ts";
import { transcript, within } from "./run.ts";

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weightnorm-convert-"));
  await writeFile(at("in.pth"), golden("torch_zip.pth"));
});
afterAll(() => rm(folder, { recursive: true }));

test("from PyTorch to safetensors and back, folded and unfolded on the way", async () => {
  expect(
    await transcript(
      folder,
      [
        "convert",
        at("in.pth"),
        at("folded.safetensors"),
        "--under",
        "generator",
        "--fold",
        "--check",
      ],
      [
        "convert",
        at("folded.safetensors"),
        at("again.pth"),
        "--unfold",
        "--only",
        "^[01]",
        "--scheme",
        "parametrizations",
      ],
      ["convert", at("again.pth"), at("last.npz"), "--scheme", "weight_g", "--quiet"],
      ["convert", at("in.pth"), at("half.safetensors"), "--dtype", "bfloat16"],
    ).then((text) => text.replaceAll(/(?<=largest difference )\S+(?=,)/g, "SMALL")),
  ).toMatchInlineSnapshot(`
    "
    $ convert TMP/in.pth TMP/folded.safetensors --under generator --fold --check
    0: TMP/in.pth (PyTorch) -> TMP/folded.safetensors: 8 tensors, 0.0 MB
    4 folded:
      0.weight: g [6,1,1]
      1.weight: g [6,1,1]
      2.weight: g [1,1,8]
      3.weight: g []
    largest difference SMALL, in 2.weight with values up to 0.331

    $ convert TMP/folded.safetensors TMP/again.pth --unfold --only ^[01] --scheme parametrizations
    0: TMP/folded.safetensors (safetensors) -> TMP/again.pth: 10 tensors, 0.0 MB
    2 unfolded:
      0.weight: g [6,1,1]
      1.weight: g [6,1,1]
    2 left as they are:
      0.bias: F32 [6] is no matrix of floats
      1.bias: F32 [3] is no matrix of floats

    $ convert TMP/again.pth TMP/last.npz --scheme weight_g --quiet
    0: 
    $ convert TMP/in.pth TMP/half.safetensors --dtype bfloat16
    0: TMP/in.pth (PyTorch) -> TMP/half.safetensors: 35 tensors, 0.0 MB
    7 left out:
      args: an object of "argparse.Namespace"
      step: 12
      large: 1180591620717411303424
      optimizer.state.0.step: 3
      optimizer.param_groups: a list of 1
      numpy: an object of "numpy.core.multiarray._reconstruct"
      none: None

    "
  `);
  const { tensors } = decodeSafetensors(
    new Uint8Array(await readFile(at("folded.safetensors"))),
    "f",
  );
  expect([...tensors.keys()].sort()).toEqual(
    [0, 1, 2, 3].flatMap((i) => [`${i}.bias`, `${i}.weight`]),
  );
});

test("in JSON", async () => {
  const { code, stdout } = await within(
    "convert",
    at("in.pth"),
    at("x.safetensors"),
    "--json",
    "--check",
    "--fold",
  );
  expect(code).toBe(0);
  const said = JSON.parse(stdout) as {
    readonly difference: { readonly largest: number; readonly others: readonly string[] };
  };
  expect(said).toMatchObject({ format: "PyTorch", tensors: 31 });
  expect(said.difference.largest).toBeLessThan(1e-6);
  expect(said.difference.others).toEqual([]);
});

test("what cannot be is refused, and nothing is left behind", async () => {
  await writeFile(at("index.json"), '{"weight_map":{"a":"../in.pth"}}');
  await copyFile(at("in.pth"), at("kept.pth"));
  const before = await readdir(folder);
  expect(
    await transcript(
      folder,
      ["convert", at("in.pth")],
      ["convert", at("missing.pth"), at("y.pth")],
      ["convert", folder, at("y.pth")],
      ["convert", at("in.pth"), at("y.txt")],
      ["convert", at("in.pth"), at("y.npz")],
      ["convert", at("in.pth"), at("y.pth"), "--fold", "--unfold"],
      ["convert", at("in.pth"), at("y.pth"), "--scheme", "other"],
      ["convert", at("in.pth"), at("y.pth"), "--only", "("],
      ["convert", at("in.pth"), at("y.pth"), "--axis", "x"],
      ["convert", at("in.pth"), at("y.pth"), "--under", "model"],
      ["convert", at("in.pth"), at("y.pth"), "--unfold", "--axis", "2"],
      ["convert", at("index.json"), at("y.pth")],
      ["convert", at("in.pth"), at("missing/y.pth")],
    ),
  ).toMatchInlineSnapshot(`
    "
    $ convert TMP/in.pth
    2: weightnorm: convert: expected a target, got none; see weightnorm convert --help
    $ convert TMP/missing.pth TMP/y.pth
    1: weightnorm: TMP/missing.pth: there is no such file, got ENOENT; check the path
    $ convert TMP TMP/y.pth
    1: weightnorm: TMP: this is a folder, got EISDIR; give the file in it
    $ convert TMP/in.pth TMP/y.txt
    1: weightnorm: TMP/y.txt: expected a name that ends in .safetensors, .pth, .pt, .bin, .npz, got another; call it so
    $ convert TMP/in.pth TMP/y.npz
    1: weightnorm: TMP/y.npz: expected types that NumPy has, got BF16 in "bfloat"; convert them to float32, or choose another format
    $ convert TMP/in.pth TMP/y.pth --fold --unfold
    2: weightnorm: --fold: expected it alone, got --unfold beside it; choose one
    $ convert TMP/in.pth TMP/y.pth --scheme other
    2: weightnorm: --scheme: expected one of weight_g, parametrizations, folded, got "other"; choose one of these
    $ convert TMP/in.pth TMP/y.pth --only (
    2: weightnorm: --only: expected a regular expression, got "("; try --only 'conv.*weight$'
    $ convert TMP/in.pth TMP/y.pth --axis x
    2: weightnorm: --axis: expected an axis or none, got "x"; try --axis 0
    $ convert TMP/in.pth TMP/y.pth --under model
    1: weightnorm: TMP/in.pth: expected tensors under "model", got some under "generator", "half", "bfloat", "double", "transposed"; choose one of these
    $ convert TMP/in.pth TMP/y.pth --unfold --axis 2
    1: weightnorm: TMP/in.pth: expected axis 2 in "module.weight", got [2,2]; choose another, or weights that have it with --only
    $ convert TMP/index.json TMP/y.pth
    1: weightnorm: TMP/index.json: expected the name of a file beside it, got ../in.pth; mend it
    $ convert TMP/in.pth TMP/missing/y.pth
    1: weightnorm: TMP/missing/y.pth: its folder does not exist, got ENOENT; make it first
    "
  `);
  expect(await readdir(folder)).toEqual(before);
});

test("help fits a screen", async () => {
  const { stdout } = await within("convert", "--help");
  expect(stdout).toMatch(/^Usage: weightnorm convert \[options\] <source> <target>\n\n\w/);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(40);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});
