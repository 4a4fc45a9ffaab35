/** A model of somebody else's on data of the user's own, from its file to a file of its own that plain ONNX Runtime runs. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  arms,
  dense,
  exportModel,
  initialState,
  input,
  ops,
  parametersOf,
  trace,
} from "../../src/index.ts";
import { pictureFolder } from "../experiments/own-pictures.ts";
import { readResults, temporaryFolder, transcript, within } from "./run.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 }); // half a minute, where two cores are free

const folder = await temporaryFolder("finetune");
const at = (...names: readonly string[]): string => join(folder, ...names);
afterAll(() => rm(folder, { recursive: true, force: true }));

const CLASSIFIER = join(
  ...[import.meta.dirname, "..", "..", "node_modules", "@gutenye", "ocr-models", "assets"],
  "ch_ppocr_mobile_v2.0_cls_infer.onnx",
);
/** Two products with matrices, for rows of four numbers. */
function perceptron(): Uint8Array {
  const x = input("rows", [1, 4]);
  const { value } = trace(
    (scope) => ({
      y: dense(3, { name: "fc2" })(scope, ops.relu(dense(8, { name: "fc1" })(scope, x))),
    }),
    { mode: "eval", norm: arms.plain },
  );
  return exportModel(value, initialState(parametersOf(Object.values(value)), 1));
}

beforeAll(async () => {
  await pictureFolder(at("shapes"), { count: 100, size: 64 });
  await pictureFolder(at("new"), { count: 4, size: 64, from: 1000 });
  await writeFile(at("rows.onnx"), perceptron());
});

type Rows = readonly Readonly<Record<string, string | number>>[];

test("a classifier of text lines tells circles from squares, and so does the file it is exported to", async () => {
  const run = await within(
    ...[
      "finetune",
      CLASSIFIER,
      "--data",
      at("shapes"),
      "--head",
      "2",
      "--epochs",
      "3",
      "--threads",
      "1",
    ],
    ...["--out", at("run")],
  );
  expect(run.code).toBe(0);
  expect(run.stderr).toContain(
    'cut before MatMul "p2o.MatMul.0", at reshape2_0.tmp_0 (--at names another place)',
  );
  const { experiment, facts } = await readResults(at("run"));
  expect(experiment).toBe("tuned-pictures");
  expect(facts).toContainEqual(["test pictures", 40]);
  const evaluated = await within("eval", at("run"), "--json");
  const [{ test: measured }] = JSON.parse(evaluated.stdout) as readonly {
    readonly test: { readonly error: number };
  }[];
  expect(measured.error).toBeLessThanOrEqual(0.05);

  const predicted = await within("predict", at("run"), at("new"), "--json");
  const rows = JSON.parse(predicted.stdout) as Rows;
  expect(rows).toHaveLength(8);
  expect(
    rows.filter((row) => String(row["file"]).includes(`${String(row["class"])}/`)).length,
  ).toBeGreaterThanOrEqual(7);

  const written = await within("export", at("run"), "--dynamic-batch", "--out", at("tuned.onnx"));
  expect(written.stdout).toMatch(/any number of examples; .* within \d\S* of the network's\n$/);
  const session = await ort.InferenceSession.create(at("tuned.onnx"));
  for (const some of [rows.slice(0, 1), rows.slice(1)])
    expect(await asked(session, some)).toEqual(
      some.map((row) => expect.closeTo(row["probability"] as number, 4) as number),
    );
  await session.release();
});

/** The probabilities that the file gives, pictures prepared by hand as its metadata say. */
async function asked(session: ort.InferenceSession, rows: Rows): Promise<readonly number[]> {
  const [size, area] = [64, 64 * 64];
  const x = new Float32Array(rows.length * 3 * area);
  for (const [n, { file }] of rows.entries()) {
    const pixels = await sharp(String(file))
      .resize(size, size)
      .toColourspace("srgb")
      .removeAlpha()
      .raw()
      .toBuffer();
    for (let i = 0; i < 3 * area; i++)
      x[(3 * n + (i % 3)) * area + Math.floor(i / 3)] =
        (pixels[i] / 255 - [0.485, 0.456, 0.406][i % 3]) / [0.229, 0.224, 0.225][i % 3];
  }
  const fed = { x: new ort.Tensor("float32", x, [rows.length, 3, size, size]) };
  const { answer } = await session.run(fed);
  const data = answer.data as Float32Array;
  return rows.map((_, n) => Math.max(data[2 * n], data[2 * n + 1]));
}

test("a table is taken too, by a model for as many numbers; only the head, if that is asked", async () => {
  const iris = join(import.meta.dirname, "..", "fixtures", "iris.csv");
  const { code, stderr } = await within(
    ...["finetune", at("rows.onnx"), "--data", iris, "--target", "species", "--head-only"],
    ...["--epochs", "20", "--out", at("rows")],
  );
  expect(stderr).toContain("cut before");
  expect(code).toBe(0);
  const { stdout } = await within("predict", at("rows"), iris, "--json");
  const rows = JSON.parse(stdout) as Rows;
  expect(rows.filter((row) => row["species"] === row["predicted species"]).length).toBeGreaterThan(
    135,
  );
  const again = await within("finetune", "--resume", at("rows")); // it knows its model and its data
  expect(again.code).toBe(0);
  expect(again.stdout).toContain("report.html");
  const bytes = await readFile(at("rows.onnx"));
  await writeFile(at("moved.onnx"), bytes);
  await rm(at("rows.onnx"));
  const moved = await within("predict", at("rows"), iris, "--model", at("moved.onnx"), "--json");
  expect(moved.stdout).toBe(stdout);
});

test("mistakes are told before anything is written", async () => {
  await writeFile(at("none.onnx"), "no model");
  const text = await transcript(
    folder,
    ["finetune", CLASSIFIER],
    ["finetune", at("model.pth"), "--data", at("shapes")],
    ["finetune", at("none.onnx"), "--data", at("shapes"), "--out", at("x")],
    ["finetune", at("nowhere.onnx"), "--data", at("shapes"), "--out", at("x")],
    ["finetune", CLASSIFIER, "--data", at("nowhere")],
    ["finetune", CLASSIFIER, "--data", at("shapes"), "--head", "3", "--out", at("x")],
    ["finetune", CLASSIFIER, "--data", at("shapes"), "--at", "nowhere", "--out", at("x")],
    ["finetune", CLASSIFIER, "--data", at("shapes"), "--freeze", "(", "--out", at("x")],
    ["finetune", CLASSIFIER, "--data", at("shapes"), "--freeze", "^no", "--out", at("x")],
    ["finetune", CLASSIFIER, "--data", at("shapes"), "--normalize", "mine", "--out", at("x")],
    ["finetune", CLASSIFIER, "--data", at("shapes"), "--size", "32", "--out", at("x")],
    ["export", at("run"), "--out", at("y.onnx"), "--batch", "2", "--dynamic-batch"],
  );
  expect(text.replaceAll(CLASSIFIER, "classifier.onnx")).toMatchInlineSnapshot(`
    "
    $ finetune classifier.onnx
    2: weightnorm: finetune: expected --data with a folder of pictures or a table, got none; try weightnorm finetune classifier.onnx --data ./photos
    $ finetune TMP/model.pth --data TMP/shapes
    2: weightnorm: finetune: expected an .onnx file, got "TMP/model.pth"; export the model to ONNX first
    $ finetune TMP/none.onnx --data TMP/shapes --out TMP/x
    1: weightnorm: TMP/none.onnx: expected an ONNX model, got bytes that are none (illegal tag: field no 13 wire type 6); check that the file is whole
    $ finetune TMP/nowhere.onnx --data TMP/shapes --out TMP/x
    1: weightnorm: TMP/nowhere.onnx: there is no such file or folder, got ENOENT; check the path
    $ finetune classifier.onnx --data TMP/nowhere
    2: weightnorm: --data: expected a folder of pictures or a table (.csv, .tsv), got "TMP/nowhere", which is not there; check the path
    $ finetune classifier.onnx --data TMP/shapes --head 3 --out TMP/x
    2: classifier.onnx: cut before MatMul "p2o.MatMul.0", at reshape2_0.tmp_0 (--at names another place)
    weightnorm: --head: expected as many as the data have, 2, got 3; leave --head away or check the data
    $ finetune classifier.onnx --data TMP/shapes --at nowhere --out TMP/x
    1: weightnorm: classifier.onnx: outputs are values of the graph, got "nowhere", which no node makes; use softmax_0.tmp_0, or what weightnorm inspect names
    $ finetune classifier.onnx --data TMP/shapes --freeze ( --out TMP/x
    2: weightnorm: --freeze: expected a regular expression, got "(" (Invalid regular expression: /(/: Unterminated group); write e.g. '^conv1'
    $ finetune classifier.onnx --data TMP/shapes --freeze ^no --out TMP/x
    2: weightnorm: --freeze: expected a pattern of names that the model has, got "^no", which none of conv2d_0.w, conv2d_0.b, conv2d_1.w, conv2d_1.b, conv2d_2.w, ... matches; weightnorm inspect lists them
    $ finetune classifier.onnx --data TMP/shapes --normalize mine --out TMP/x
    2: classifier.onnx: cut before MatMul "p2o.MatMul.0", at reshape2_0.tmp_0 (--at names another place)
    weightnorm: --normalize: expected one of imagenet, 0..1, -1..1, 0..255, or means,deviations, got "mine"; write e.g. 0.5,0.25
    $ finetune classifier.onnx --data TMP/shapes --size 32 --out TMP/x
    2: classifier.onnx: cut before MatMul "p2o.MatMul.0", at reshape2_0.tmp_0 (--at names another place)
    weightnorm: classifier.onnx: MaxPool "p2o.MaxPool.0" does not fit what it is given, got [[2,200,1,16]]: maxPool2d: the kernel spans 2 but the padded axis has only 1; use more padding or a smaller kernel. So it is with pictures of 32 x 32; choose another --size, or a model of pictures in float
    $ export TMP/run --out TMP/y.onnx --batch 2 --dynamic-batch
    2: weightnorm: --batch: expected a number of examples or any number of them, got both --batch 2 and --dynamic-batch; leave one away
    "
  `);
});
