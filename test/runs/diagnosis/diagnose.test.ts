/** A diagnosis of small runs: the moments are exactly those of the run, and what the mathematics says holds of what is measured. */
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { nodeWorld } from "../../../cli/world.ts";
import { experiments } from "../../../experiments/index.ts";
import type { Diagnosed, Experiment } from "../../../runs/experiment.ts";
import { diagnosisIn } from "../../../runs/diagnosis/schema.ts";
import { falls } from "../../../runs/minibatch/growth-of-v.ts";
import type { MinibatchConfig } from "../../../runs/minibatch/config.ts";
import type { Arm, Diagnosis, UnitDiagnosis } from "../../../runs/records.ts";
import { temporaryFolder, tinyMnist } from "../../cli/run.ts";

const PER_EPOCH = 3;
type Run = Diagnosed["runs"][number];

let diagnosis: Diagnosis;
let afterEpoch: Diagnosis;
/** Of the arm `batch`, whose checkpoint tells of another first epoch than its seed makes. */
let batch: Diagnosis;

beforeAll(async () => {
  const folder = await temporaryFolder("diagnosis");
  const dataDir = await tinyMnist(join(folder, "data"), { train: 60, test: 20 });
  const mnist = (await experiments["mnist"]()) as unknown as Experiment<MinibatchConfig>;
  const arms: readonly Arm[] = ["plain", "weight", "batch"];
  const asked = { arms, epochs: 2, batchSize: 20, threads: 1 };
  const world = nodeWorld({ places: { dataDir }, progress: () => undefined });
  const field = await mnist.open(mnist.complete(asked, { dataDir }), world);
  const { config } = field;
  /** Arms as checkpoints have them after so many steps. */
  const runs = async (steps: number, of: readonly Arm[] = ["plain", "weight"]): Promise<Run[]> => {
    const made: Run[] = [];
    for (const arm of of) {
      const key = { arm, seed: 1, lr: config.lr[0] };
      const contestant = await field.start(key);
      while (contestant.step() < steps) await contestant.advance();
      made.push({ key, file: arm, ...(await contestant.saved()).checkpoint });
    }
    return made;
  };
  const common = { config, world, units: 2, batches: 40, steps: 12 };
  diagnosis = await mnist.diagnose!({ ...common, runs: await runs(PER_EPOCH + 2) });
  afterEpoch = await mnist.diagnose!({ ...common, steps: 0, runs: await runs(PER_EPOCH) });
  const [run] = await runs(PER_EPOCH + 1, ["batch"]);
  const [first] = run.progress["epochs"] as { readonly train: Record<string, number> }[];
  first.train["loss"] *= 1.001;
  batch = await mnist.diagnose!({ ...common, steps: 0, runs: [run] });
  await field.release();
}, 120_000);

const units = (of: Diagnosis, arm: Arm): readonly UnitDiagnosis[] =>
  of.arms
    .find((a) => a.arm === arm)!
    .moments.flatMap(({ layers }) => layers.flatMap(({ chosen }) => chosen))
    .filter(({ w }) => w !== null);

describe("the moments", () => {
  test("are the start, the end of the first epoch and the checkpoint, of every layer", () => {
    for (const { moments } of diagnosis.arms) {
      expect(moments.map(({ name, step }) => [name, step])).toEqual([
        ["start", 0],
        ["after one epoch", PER_EPOCH],
        ["checkpoint", PER_EPOCH + 2],
      ]);
      for (const { layers } of moments) {
        expect(layers.map(({ layer, fanIn, units: n }) => [layer, fanIn, n])).toEqual([
          ["conv1", 9, 16],
          ["conv2", 144, 32],
          ["conv3", 288, 32],
          ["conv4", 288, 64],
          ["dense1", 3136, 10],
        ]);
        expect(layers[1].chosen.map(({ unit }) => unit)).toEqual([8, 24]);
      }
    }
  });
  test("come with what tells of the run", () => {
    expect(diagnosis.measure.key).toBe("error");
    for (const { run, batches, examples } of diagnosis.arms) {
      expect({ batches, examples }).toEqual({ batches: 40, examples: 10 });
      expect(run.seconds).toBeGreaterThan(0);
      expect(run.test).toBeGreaterThan(0);
    }
    expect(diagnosisIn(JSON.parse(JSON.stringify(diagnosis)), "it")).toEqual(diagnosis);
  });
  test("of layers that take statistics of the batch are of batches as they were trained on", () => {
    const [{ arm, batches, examples, moments }] = batch.arms;
    expect({ arm, batches, examples }).toEqual({ arm: "batch", batches: 20, examples: 20 });
    expect(moments[0].layers[0].chosen[0].w!.samples).toBe(20);
    expect(batch.notes[0]).toMatch(/^gradients of batch are of 20 minibatches of 20, as it was/);
  });
  test("an epoch that is not as it was is told of", () => {
    const told = (of: Diagnosis): readonly string[] =>
      of.notes.filter((note) => note.includes("trained again"));
    expect(told(batch)).toEqual([
      expect.stringMatching(
        /^batch: the first epoch, trained again, had a loss of [\d.]+ and not /,
      ),
    ]);
    expect(told(diagnosis)).toEqual([]);
  });
  test("the epoch is trained again to the bits that the run had", () => {
    expect(afterEpoch.arms.map(({ moments }) => moments.length)).toEqual([2, 2]);
    for (const [i, { moments }] of afterEpoch.arms.entries()) {
      expect(moments[0]).toEqual(diagnosis.arms[i].moments[0]);
      expect(moments[1].layers).toEqual(diagnosis.arms[i].moments[1].layers);
      expect(moments[1].layers).not.toEqual(moments[0].layers);
    }
  });
});

describe("of what is measured", () => {
  test("dv is M_w dw by a factor, and lies in one dimension less", () => {
    const weight = units(diagnosis, "weight");
    expect(weight.length).toBeGreaterThan(20);
    for (const { w, v, identity } of weight) {
      expect(identity).toBeLessThan(1e-5);
      expect(v!.dimensions).toBe(w!.dimensions - 1);
    }
    expect(units(diagnosis, "plain").every(({ identity }) => identity === null)).toBe(true);
  });
  test("both arms start as one function, so that their gradients have one spectrum", () => {
    const [plain, weight] = diagnosis.arms.map(({ moments }) => moments[0].layers[0].chosen);
    for (const [i, { w, v, alignment }] of plain.entries()) {
      expect(weight[i].w!.overMedian! / w!.overMedian!).toBeCloseTo(1, 2);
      expect(weight[i].v!.corrected! / v!.corrected!).toBeCloseTo(1, 2);
      expect(weight[i].alignment!.cosine).toBeCloseTo(alignment!.cosine, 2);
    }
  });
  test("what chance makes of it stands beside it, and of few long gradients it is told", () => {
    for (const { w, v, noise, alignment } of units(diagnosis, "plain")) {
      expect(noise.w!.largest).toBeGreaterThan(1);
      expect(noise.w!.overMedian === null).toBe(w!.overMedian === null);
      expect(noise.v!.corrected! / noise.w!.corrected!).toBeCloseTo(1, 0);
      expect(v!.converged).toBe(true);
      expect(alignment!.p).toBeGreaterThan(0);
    }
    const [first] = diagnosis.arms[0].moments[0].layers;
    expect(first.cosine).toBeCloseTo(0.242, 3);
    expect(
      diagnosis.notes.filter((note) => /^weight, \S[^:]*: some gradients are much/.test(note)),
    ).toHaveLength(3);
  });
  test("layers with too few minibatches for a condition have none, and it is said", () => {
    for (const { moments } of diagnosis.arms) {
      const { layers } = moments[0];
      const known = layers.map(({ chosen }) =>
        chosen.map(({ w }) => w?.overMedian).every((x) => typeof x === "number"),
      );
      expect(known).toEqual([true, false, false, false, false]);
    }
    expect(
      diagnosis.notes.filter((note) => note.includes("minibatches would be needed")),
    ).toHaveLength(4);
    expect(diagnosis.notes[0]).toMatch(/^conv2 has 144 weights a unit, .* 576 minibatches/);
  });
});

test("a loss that rises by more than half first is not taken for one that falls", () => {
  expect(falls([2, 2.5, 1.5, 1], 4)).toBe(true);
  expect(falls([2, 3.1, 1.5, 1], 4)).toBe(false);
  expect(falls([2, 2.5, 2.2, 2.1], 4)).toBe(false);
  expect(falls([2, 1.5, 1], 4)).toBe(false); // it was no number in the end
  expect(falls([-4, -3, -5, -6], 4)).toBe(true);
  expect(falls([-4, -1, -5, -6], 4)).toBe(false);
});

test("|v| grows with every step of gradient descent, by the closed form; dv is at right angles to v", () => {
  const { growth } = diagnosis;
  expect(growth).toMatchObject({ arm: "weight", steps: 12, batchSize: 20 });
  expect(growth!.methods.map(({ method }) => method)).toEqual([
    "gradient descent",
    "momentum 0.9",
    "adam",
  ]);
  for (const { cosine, loss, ratio } of growth!.methods) {
    expect([cosine.length, loss.length, ratio.length]).toEqual([12, 12, 12]);
    expect(Math.max(...cosine)).toBeLessThan(1e-5);
    expect(Math.max(...cosine)).toBeGreaterThan(0);
  }
  const [descent, momentum, own] = growth!.methods;
  expect(descent.closedForm).toBeLessThan(1e-5);
  expect(descent.grew.filter((x) => x !== null).every((x) => x === 1)).toBe(true);
  expect(descent.failed.length).toBeGreaterThan(0);
  expect(Math.max(...descent.loss)).toBeLessThan(1.5 * descent.loss[0]);
  expect(descent.ratio.at(-1)).toBeGreaterThan(1.001);
  expect(descent.ratio).toEqual(descent.ratio.toSorted((a, b) => a - b));
  expect(momentum.closedForm).toBeUndefined();
  expect(own.grew.some((x) => x !== null && x < 1)).toBe(true);
});
