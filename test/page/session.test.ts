/** What the page's worker trains and answers, in Node: races that are held, left and gone on with to the same bits. */
import { describe, expect, test } from "vitest";
import { mnist } from "../../experiments/mnist/task.ts";
import { compare } from "../../runs/compare.ts";
import { diskStore } from "../../runs/disk-store.ts";
import { memoryDisk } from "../../runs/memory-disk.ts";
import type { Results } from "../../runs/records.ts";
import type { Wish } from "../../page/worker/protocol.ts";
import type { MinibatchConfig } from "../../runs/minibatch/config.ts";
import { decodeModel } from "../../src/onnx/index.ts";
import { bitsOf, opened, tensorsOf, trained, WISH, world, type Files } from "./lab.ts";

/** The race that nobody held. */
const whole = await (async () => {
  const page = opened();
  const begun = await page.lab.begin(WISH, { anew: false });
  return { page, begun, bits: await trained(page, begun) };
})();

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
describe("a training", () => {
  test("stands ready with what has happened, on what it runs, and what it is as a command line", () => {
    const { begun, page } = whole;
    expect(begun).toMatchObject({
      device: "wasm",
      threads: 1,
      kept: true,
      said: "WebAssembly, in a test",
    });
    expect(begun.events.map((e) => e.type)).toEqual(["opened", "initialized", "initialized"]);
    expect(begun.keys.map(({ arm }) => arm)).toEqual(["plain", "weight"]);
    expect(begun.run.command).toBe(
      "weightnorm compare mnist --epochs 2 --batch-size 5 --train-size 50 --test-size 20 --threads 1 --arms plain,weight",
    );
    expect(page.told.filter((t) => t.type === "phase").map((t) => t.phase.is)).toEqual([
      ...["preparing", "paused", "running", "finished"],
    ]);
  });
  test("is the comparison that runs/ makes of the same settings", async () => {
    const { run } = whole.begun;
    const field = await mnist.open(run.config as MinibatchConfig, world);
    const disk = memoryDisk();
    const { results } = await compare({
      ...{ experiment: mnist, field, run, store: diskStore(disk, run), world },
      machine: { cores: 1, platform: "test", runtime: "test" },
    });
    const losses = ({ arms }: Results): unknown =>
      Object.values(arms).map(({ runs }) => runs.map(({ points }) => points.map((p) => p.values)));
    const own = JSON.parse(textOf((await whole.page.lab.save("results")).bytes)) as Results;
    expect(losses(own)).toEqual(losses(results));
    for (const name of ["plain-1", "weight-1"])
      expect(tensorsOf((await disk.read(`checkpoints/${name}.safetensors`))!)).toEqual(
        whole.bits.tensors[`${name}.safetensors`],
      );
  });
  test("is told of every event that a log has", async () => {
    const { told } = whole.page;
    const shown = told.flatMap((t) => (t.type === "events" ? t.events : []));
    const logged = whole.page.lab
      .save("results")
      .then(({ bytes }) => JSON.parse(textOf(bytes)) as Results);
    const points = Object.values((await logged).arms).flatMap(({ runs }) => runs[0].points);
    expect(shown.filter((e) => e.type === "point")).toHaveLength(points.length);
    expect(shown.filter((e) => e.type === "finished")).toHaveLength(2);
    expect(told.findLast((t) => t.type === "saved")?.steps).toEqual({
      "plain-1": 20,
      "weight-1": 20,
    });
  });
});

describe("one that is left", () => {
  /** A page on these files that was paused somewhere in the first turn. */
  async function paused(files: Files): Promise<ReturnType<typeof opened>> {
    const page = opened(files);
    await page.lab.begin(WISH, { anew: false });
    await page.lab.advance("step");
    await page.lab.advance("step");
    await page.lab.advance("step");
    return page;
  }
  test("and loaded again goes on to the same bits, with what had happened", async () => {
    const files: Files = new Map();
    await paused(files);
    const page = opened(files); // the worker of before was ended as it stood
    expect(await page.lab.last()).toEqual({ wish: WISH, given: {} });
    const begun = await page.lab.begin(WISH, { anew: false });
    expect(
      begun.events.filter((e) => e.type === "opened").map((e) => e.runs.map((r) => r.step)),
    ).toEqual([
      [0, 0],
      [3, 3],
    ]);
    expect(await trained(page, begun)).toEqual(whole.bits);
  });
  test("at any moment without a word goes on to the same bits", async () => {
    const files: Files = new Map();
    const page = opened(files);
    await page.lab.begin(WISH, { anew: false });
    await page.lab.advance("turn");
    await page.lab.play();
    await page.steppedTo(13);
    const copy: Files = new Map(files); // and is killed, as far as the copy knows
    await page.is("finished");
    const again = opened(copy);
    expect(await trained(again, await again.lab.begin(WISH, { anew: false }))).toEqual(whole.bits);
  });
  test("restarts from the same bits where that is asked for, or another wish is", async () => {
    const files: Files = new Map();
    const page = await paused(files);
    const begun = await page.lab.begin(WISH, { anew: true });
    expect(begun.events.filter((e) => e.type === "opened")).toHaveLength(1);
    expect(await trained(page, begun)).toEqual(whole.bits);
    const other = { ...WISH, asked: { ...WISH.asked, seeds: [2] } };
    const next = await page.lab.begin(other, { anew: false });
    expect(next.keys.map(({ seed }) => seed)).toEqual([2, 2]);
    expect((await page.lab.last())?.wish).toEqual(other);
  });
  test("is there again after another one, with all that was done; three are", async () => {
    const files: Files = new Map();
    const page = await paused(files);
    const of = (seed: number): Wish => ({ ...WISH, asked: { ...WISH.asked, seeds: [seed] } });
    const openings = async (wish: Wish): Promise<number> => {
      const { events } = await opened(files).lab.begin(wish, { anew: false });
      return events.filter((e) => e.type === "opened").length;
    };
    await page.lab.begin(of(2), { anew: false });
    await page.lab.begin(of(3), { anew: true });
    expect(await openings(WISH)).toBe(2);
    expect(await openings(of(3))).toBe(2);
    expect(await openings(of(4))).toBe(1); // in the place of seed 2
    expect(await openings(of(2))).toBe(1);
    expect((await opened(files).lab.last())?.wish).toEqual(of(2));
  });
  test("is left only for what can be trained", async () => {
    const page = opened();
    const begun = await page.lab.begin(WISH, { anew: false });
    const wrong = { ...WISH, asked: { ...WISH.asked, epochs: 0 } };
    await expect(page.lab.begin(wrong, { anew: true })).rejects.toThrow("epochs: expected");
    expect(page.phase()).toEqual({ is: "paused" });
    expect(await trained(page, begun)).toEqual(whole.bits);
  });
  test("when it was finished is finished again", async () => {
    const files: Files = new Map();
    const page = opened(files);
    const bits = await trained(page, await page.lab.begin(WISH, { anew: false }));
    const again = opened(files);
    const begun = await again.lab.begin(WISH, { anew: false });
    expect(again.phase()).toEqual({ is: "finished" });
    expect(begun.events.filter((e) => e.type === "finished")).toHaveLength(2);
    expect(await bitsOf(again.lab, begun)).toEqual(bits);
  });
});

describe("held", () => {
  test("it goes step by step and turn by turn, with every arm where the others are", async () => {
    const page = opened();
    await page.lab.begin(WISH, { anew: false });
    const at = (): unknown => page.told.findLast((t) => t.type === "saved")?.steps;
    const both = (step: number): unknown => ({ "plain-1": step, "weight-1": step });
    await page.lab.advance("step");
    await page.lab.advance("step");
    expect(page.phase()).toEqual({ is: "paused" });
    expect(at()).toEqual(both(2));
    await page.lab.advance("turn");
    expect(at()).toEqual(both(10));
    await page.lab.advance("turn");
    expect(page.phase()).toEqual({ is: "finished" });
    await page.lab.play();
    expect(page.phase()).toEqual({ is: "finished" });
  });
  test("by pause, all is saved when that is answered", async () => {
    const page = opened();
    const begun = await page.lab.begin(WISH, { anew: false });
    await page.lab.play();
    const first = await page.steppedTo(1);
    await page.lab.pause();
    expect(page.phase()).toEqual({ is: "paused" });
    const [saved] = tensorsOf((await page.lab.save("checkpoint", begun.keys[0])).bytes) as [number];
    expect(saved).toBeGreaterThanOrEqual(first);
    expect(await trained(page, begun)).toEqual(whole.bits);
  });
});

describe("the learning rate", () => {
  test("changes while it trains, and the record says so, also after a reload", async () => {
    const files: Files = new Map();
    const page = opened(files);
    await page.lab.begin(WISH, { anew: false });
    await page.lab.advance("turn");
    await page.lab.setRate(0.01);
    expect(page.phase()).toEqual({ is: "paused" });
    const again = opened(new Map(files));
    const wish = { ...WISH, asked: { ...WISH.asked, lr: [0.01] } };
    await page.lab.play();
    await page.is("finished");
    const bits = await bitsOf(page.lab, whole.begun);
    expect(bits.tensors).not.toEqual(whole.bits.tensors);
    const { changes } = JSON.parse(textOf((await page.lab.save("results")).bytes)) as Results;
    expect(changes.map(({ setting, from, to, steps }) => ({ setting, from, to, steps }))).toEqual([
      {
        setting: "learning rate",
        from: "0.001",
        to: "0.01",
        steps: { "plain-1": 10, "weight-1": 10 },
      },
    ]);
    for (const asked of [WISH, wish]) {
      const begun = await again.lab.begin(asked, { anew: false });
      expect(begun.run.config.lr).toEqual([0.01]);
    }
    expect(await trained(again, whole.begun)).toEqual(bits);
  });
  test("that is turned within a turn lets it go to the end of that, and no further", async () => {
    const page = opened();
    await page.lab.begin(WISH, { anew: false });
    const turn = page.lab.advance("turn");
    await page.is("running");
    await page.lab.setRate(0.01);
    await turn;
    await page.is("paused");
    expect(page.told.findLast((t) => t.type === "saved")?.steps).toEqual({
      ...{ "plain-1": 10, "weight-1": 10 },
    });
    const { changes } = JSON.parse(textOf((await page.lab.save("results")).bytes)) as Results;
    expect(changes).toHaveLength(1);
  });
  test("that cannot be written down stays, and what was stopped for it goes on", async () => {
    const disk = memoryDisk();
    let isFull = false;
    const write: typeof disk.write = (name, content) =>
      isFull && name.endsWith("config.json")
        ? Promise.reject(new Error("full"))
        : disk.write(name, content);
    const storage = { disk: { ...disk, write }, kept: true as const };
    const page = opened(new Map(), { storage: () => Promise.resolve(storage) });
    const begun = await page.lab.begin(WISH, { anew: false });
    await page.lab.advance("step");
    isFull = true;
    await expect(page.lab.setRate(0.01)).rejects.toThrow("full");
    expect(page.phase()).toEqual({ is: "paused" });
    expect(await trained(page, begun)).toEqual(whole.bits);
  });
  test("of a finished run stays, as a run that goes on may not change it", async () => {
    await expect(whole.page.lab.setRate(0.1)).rejects.toThrow(
      "--lr: expected a run that has steps left, got one that is finished; add --epochs",
    );
    expect(whole.page.phase()).toEqual({ is: "finished" });
  });
});

describe("a checkpoint", () => {
  test("is evaluated to the same error where it is opened, and is trained further to the same bits", async () => {
    const page = opened();
    const { keys } = await page.lab.begin(WISH, { anew: false });
    await page.lab.advance("turn");
    const key = keys[1];
    const worth = await page.lab.evaluate(key);
    const { name, bytes } = await page.lab.save("checkpoint", key);
    const other = opened();
    const { wish, begun } = await other.lab.open(name, bytes, "wasm");
    expect(begun.keys).toEqual([key]);
    expect(begun.events.some((e) => e.type === "point")).toBe(true);
    expect(await other.lab.evaluate(key)).toEqual(worth);
    const { tensors } = await trained(other, begun);
    expect(tensors).toEqual({ "weight-1.safetensors": whole.bits.tensors["weight-1.safetensors"] });
    // What it was asked for trains the same from the start.
    const { tensors: anew } = await trained(other, await other.lab.begin(wish, { anew: true }));
    expect(anew).toEqual(tensors);
  });
  test("that is none says so, and the lab stays usable", async () => {
    const page = opened();
    await expect(page.lab.open("x.safetensors", new Uint8Array(9), "wasm")).rejects.toThrow(
      /^x.safetensors: /,
    );
    const begun = await page.lab.begin(WISH, { anew: false });
    expect(begun.keys).toHaveLength(2);
  });
});

describe("what is wrong is said, and the lab stays usable:", () => {
  test.each([
    [
      { epochs: 0 },
      "epochs: expected a whole number of at least 1 and at most 100000, got 0; try 3",
    ],
    [{ lr: [1, 1] }, "learning rate: expected different values, each a finite number above 0, got"],
    [
      { batchSize: "many" },
      'batch size: expected a whole number of at least 1, got "many"; try batchSize 100',
    ],
    [
      { what: 1 },
      "what: expected a setting of this experiment, got one that it has not; leave it away",
    ],
    [{ trainSize: 2 }, "--batch-size: expected at most the 2 images of an epoch, got 5"],
  ])("%j", async (asked, message) => {
    const page = opened();
    const wish = { ...WISH, asked: { ...WISH.asked, ...asked } as Wish["asked"] };
    await expect(page.lab.begin(wish, { anew: false })).rejects.toThrow(message);
    expect(page.phase()).toMatchObject({ is: "failed", lost: false });
    await page.lab.begin(WISH, { anew: false });
    expect(page.phase()).toEqual({ is: "paused" });
  });
  test("a run that diverges is an event, and all of them are a failure", async () => {
    const page = opened();
    const asked = { ...WISH.asked, arms: ["plain"] as const, optimizer: "sgd", lr: [1e30] };
    await page.lab.begin({ ...WISH, asked }, { anew: false });
    await page.lab.play();
    await page.is("failed");
    expect(page.phase()).toMatchObject({
      is: "failed",
      lost: false,
      message: expect.stringMatching(/finite/) as unknown,
    });
    const failed = /^training: expected one that can go on, got one that failed/;
    await expect(page.lab.play()).rejects.toThrow(failed);
    await expect(page.lab.advance("turn")).rejects.toThrow(failed);
  });
  test("files of one's own that are not given", async () => {
    const page = opened();
    await expect(
      page.lab.begin({ experiment: "table", asked: {}, device: "wasm" }, { anew: false }),
    ).rejects.toThrow(/; /);
  });
});

test("an offer has controls with what a tab begins with, and what has to be given", async () => {
  const { lab } = opened();
  const offer = await lab.offer({ experiment: "mnist", asked: { epochs: 7 }, device: "auto" });
  const control = (name: string): unknown => offer.controls.find((c) => c.name === name);
  expect(control("epochs")).toMatchObject({ type: "whole", many: false, value: 7, changes: true });
  expect(control("lr")).toMatchObject({ type: "positive", many: true, label: "learning rate" });
  expect(control("arms")).toMatchObject({ type: "choice", many: true });
  expect(offer.controls.map((c) => c.name)).not.toContain("network");
  expect(offer.places).toEqual([expect.objectContaining({ name: "dataDir", needed: false })]);
  const own = await lab.offer({ experiment: "table", asked: {}, device: "auto" });
  expect(own.places).toEqual([expect.objectContaining({ name: "data", needed: true })]);
  expect((await lab.offers()).map((o) => o.experiment)).toContain("tuned-pictures");
});

test("the report and the model's file are those of the command line", async () => {
  const { lab } = whole.page;
  expect(textOf((await lab.save("report")).bytes)).toMatch(/^<!doctype html>/i);
  const key = whole.begun.keys[0];
  const { name, bytes } = await lab.save("onnx", key);
  expect(name).toMatch(/^[a-z-]+1\.onnx$/);
  expect(decodeModel(bytes, name).graph?.input.map((x) => x.name)).toEqual(["x"]);
  const { v, g, units, filters } = await lab.filters(whole.begun.keys[1], "conv1");
  expect([v.length, g.length, filters.length]).toEqual([units, units, units]);
});
