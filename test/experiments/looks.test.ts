/** What may be looked at of models between two steps: it says what their programs say, and changes nothing. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { dqn } from "../../experiments/dqn/index.ts";
import { task as drawTask } from "../../experiments/draw/task.ts";
import { intensities } from "../../experiments/generative/task.ts";
import { asMade } from "../../experiments/mnist/as-made.ts";
import { network } from "../../experiments/mnist/model.ts";
import { normalized, task as mnistTask } from "../../experiments/mnist/task.ts";
import { photos } from "../../experiments/own/photos/task.ts";
import { vae as vaeModel } from "../../experiments/vae/model.ts";
import { mnistTask as vaeTask } from "../../experiments/vae/task.ts";
import type { RunKey } from "../../runs/events.ts";
import type { Contestant, Experiment, Field } from "../../runs/experiment.ts";
import type { Looks } from "../../runs/looks.ts";
import type { Picture, Raster } from "../../runs/pictures.ts";
import { experimentOf } from "../../runs/minibatch/experiment.ts";
import type { Task } from "../../runs/minibatch/task.ts";
import {
  arms,
  averaged,
  evaluate,
  hash,
  input,
  keyOf,
  ops,
  trace,
  type ImageSet,
  type State,
} from "../../src/index.ts";
import { configOf, world } from "./dqn-world.ts";
import { drawn as pictureOf, encodedAs } from "./own-pictures.ts";
import { worldOf } from "./own-world.ts";

const images = (count: number, name: string, size = 28): ImageSet => ({
  images: Uint8Array.from(
    { length: count * size * size },
    (_, i) => hash(i, keyOf(name)) & (i % 5 === 0 ? 255 : 63),
  ),
  labels: Uint8Array.from({ length: count }, (_, i) => hash(i, keyOf(name, "labels")) % 10),
  ...{ count, channels: 1, height: size, width: size },
});
const [train, held] = [images(40, "train"), images(33, "test")];
const source = "noise";
const generated = { train: intensities(train), test: intensities(held), source };

/** A task with data in memory, as small as it may be. */
const smallOf = (task: Task, data: Awaited<ReturnType<Task["load"]>>): Experiment =>
  experimentOf({ ...task, load: () => Promise.resolve(data) });
const rest = { arms: ["weight"], epochs: 1, trainSize: 40, threads: 1 } as const;
const sizes = {
  mnist: { ...rest, batchSize: 10 },
  vae: { ...rest, batchSize: 20, average: 0.5, network: { width: 2, hidden: 6, latents: 3 } },
  draw: {
    ...{ ...rest, batchSize: 20 },
    network: { steps: 3, units: 6, latents: 2, read: 2, write: 3 },
  },
};
const open = (name: keyof typeof sizes): Promise<Field> => {
  const experiment = {
    mnist: () => smallOf(mnistTask, { ...normalized(train, held), source }),
    vae: () => smallOf(vaeTask, generated),
    draw: () => smallOf(drawTask, generated),
  }[name]();
  return experiment.open(experiment.complete(sizes[name], {}), world());
};

const key: RunKey = { arm: "weight", seed: 1, lr: 0.001 };
const stateOf = async (run: Contestant): Promise<State> => (await run.saved()).checkpoint.state;
async function stepped(run: Contestant, steps: number): Promise<readonly number[]> {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push((await run.advance()).values["loss"]!);
  return losses;
}

/** All looks that there are, once. */
async function everyLook(looks: Looks, state: State): Promise<string> {
  const { guesses, mistakes, samples, reconstructions, latents, game } = looks;
  const blank = ({ width, height, channels }: Omit<Raster, "pixels">): Raster => ({
    ...{ width, height, channels },
    pixels: Uint8Array.from({ length: width * height * channels }, (_, i) => i & 255),
  });
  return digest({
    guesses: await guesses?.of(state, [blank(guesses.picture)]),
    mistakes: await mistakes?.(state, 5),
    samples: await samples?.(state, { count: 4, seed: 1 }),
    reconstructions: await reconstructions?.(state),
    latents: await latents?.of(state, new Float32Array(latents.count)),
    game: await game?.(state, { seed: 1, most: 6 }),
  });
}
/** What a value hashes to: pictures and parameters are many numbers. */
const digest = (value: unknown): string =>
  createHash("sha1")
    .update(
      JSON.stringify(value, (_, x: unknown) =>
        ArrayBuffer.isView(x)
          ? Buffer.from(x.buffer, x.byteOffset, x.byteLength).toString("base64")
          : x,
      ),
    )
    .digest("hex");
const copied = (state: State): unknown =>
  [...state].map(([name, { data, shape }]) => [name, digest([shape, data])]);

describe.each([
  ["mnist", () => open("mnist"), ["guesses", "mistakes"]],
  ["vae", () => open("vae"), ["samples", "reconstructions", "latents"]],
  ["draw", () => open("draw"), ["samples", "reconstructions"]],
  [
    "dqn",
    () => dqn.open(configOf({ arms: ["weight"], limit: 40 }), world()) as unknown as Promise<Field>,
    ["game"],
  ],
] as const)("%s", (_, opened, names) => {
  test("looks are the same whenever they are taken, and change neither a state nor what follows it", async () => {
    const field = await opened();
    try {
      const [run, unseen] = [await field.start(key), await field.start(key)];
      const looks = field.looks!(key);
      expect(
        Object.keys(looks)
          .filter((name) => name !== "release")
          .toSorted(),
      ).toEqual([...names].toSorted());
      await stepped(run, 1);
      const state = await stateOf(run);
      const before = copied(state);
      const seen = await everyLook(looks, state);
      expect(await everyLook(field.looks!(key), state)).toEqual(seen);
      expect(copied(state)).toEqual(before);
      await stepped(unseen, 1);
      expect(await stepped(run, 1)).toEqual(await stepped(unseen, 1));
      expect(copied(await stateOf(run))).toEqual(copied(await stateOf(unseen)));
    } finally {
      await field.release();
    }
  });
});

test("guesses are the network's probabilities, and mistakes those that the test counts", async () => {
  const field = await open("mnist");
  try {
    const run = await field.start(key);
    await stepped(run, 3);
    const state = await stateOf(run);
    const { guesses, mistakes } = field.looks!(key);
    const config = field.config;
    const world0 = { key, config, state, step: 3, world: world() };
    const { test: measured } = await field.measure(world0, "now");
    const wrong = await mistakes!(state, Infinity);
    expect(wrong.length / held.count).toBeCloseTo(measured["error"]!, 12);
    expect(wrong.map(({ sure }) => sure)).toEqual(
      wrong.map(({ sure }) => sure).toSorted((a, b) => b - a),
    );
    expect(await mistakes!(state, 3)).toEqual(wrong.slice(0, 3));
    for (const { row, picture, label, guess, sure } of wrong) {
      expect([label, label === guess]).toEqual([String(held.labels[row]), false]);
      expect(digest(picture.pixels)).toBe(digest(held.images.subarray(row * 784, (row + 1) * 784)));
      expect(sure).toBeGreaterThanOrEqual(1 / 10);
    }
    await field.looks!(key).release();
    expect(await mistakes!(state, Infinity)).toEqual(wrong); // by programs that are compiled anew
    const drawing = digit(112, (x, y) => (Math.abs(x - 56) < 5 && y > 20 && y < 90 ? 255 : 0));
    const [said, again] = await guesses!.of(state, [drawing, drawing]);
    expect(said.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    for (const [i, p] of again.entries()) expect(p).toBeCloseTo(said[i], 6);
    const x = normalized(train, { ...held, images: asMade(drawing, held), count: 1 }).test;
    const { value } = trace((scope) => network()(scope, input("x", [1, 1, 28, 28])), {
      mode: "eval",
      norm: arms.weight,
    });
    const feeds = { x: x.feeds(Uint32Array.of(0))["x"] };
    const logits = [...evaluate({ value }, { feeds, state }).value.data];
    const sum = logits.reduce((total, z) => total + Math.exp(z), 0);
    for (const [i, z] of logits.entries()) expect(said[i]).toBeCloseTo(Math.exp(z) / sum, 4);
    expect(guesses!.classes).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  } finally {
    await field.release();
  }
});

/** A picture by the ink at each of its pixels. */
const digit = (side: number, ink: (x: number, y: number) => number): Raster => ({
  ...{ width: side, height: side, channels: 1 },
  pixels: Uint8Array.from({ length: side * side }, (_, i) => ink(i % side, Math.floor(i / side))),
});

describe("a drawn digit as MNIST's are made", () => {
  const size = { width: 28, height: 28 };
  /** Where there is ink, and the centre of its mass. */
  function measured(image: Uint8Array): {
    readonly width: number;
    readonly height: number;
    readonly centre: readonly number[];
  } {
    const at = [...image.keys()].filter((i) => image[i] > 0);
    const [xs, ys] = [at.map((i) => i % 28), at.map((i) => Math.floor(i / 28))];
    const mass = image.reduce((a, b) => a + b, 0);
    const centre = (of: (i: number) => number): number =>
      at.reduce((sum, i) => sum + image[i] * (of(i) + 0.5), 0) / mass;
    return {
      width: Math.max(...xs) - Math.min(...xs) + 1,
      height: Math.max(...ys) - Math.min(...ys) + 1,
      centre: [centre((i) => i % 28), centre((i) => Math.floor(i / 28))],
    };
  }
  test.each([
    ["large, at an edge", 112, 0, 60, 2, 110],
    ["small, in a corner", 280, 250, 275, 240, 279],
    ["of few pixels", 28, 2, 6, 3, 9],
  ])("%s: 20 pixels long, with its mass in the middle", (_, side, left, right, top, bottom) => {
    // Two strokes, the lower one wider: the mass is not where the box's middle is.
    const drawing = digit(side, (x, y) => {
      if (x < left || x > right || y < top || y > bottom) return 0;
      const share = (y - top) / (bottom - top);
      return share > 0.7 || x < left + (right - left) / 3 ? 255 : 0;
    });
    const { width, height, centre } = measured(asMade(drawing, size));
    expect(Math.max(width, height)).toBe(20);
    expect(width / height).toBeCloseTo((right - left + 1) / (bottom - top + 1), 0);
    for (const at of centre) expect(Math.abs(at - 14)).toBeLessThanOrEqual(0.5);
  });
  test("an image that is as MNIST's are stays as it is", () => {
    const image = new Uint8Array(784);
    for (let y = 4; y < 24; y++) for (let x = 10; x < 18; x++) image[y * 28 + x] = 100 + x;
    // Rounding puts it at most where a half pixel falls.
    const again = asMade({ ...size, channels: 1, pixels: image }, size);
    expect([...again]).toEqual([...image]);
  });
  test("without ink it is black, and colours are grey", () => {
    const nothing = { width: 9, height: 9, channels: 3, pixels: new Uint8Array(243) } as const;
    expect(asMade(nothing, size).every((x) => x === 0)).toBe(true);
    const red = Uint8Array.from({ length: 243 }, (_, i) => (i % 3 === 0 ? 255 : 0));
    expect(Math.max(...asMade({ ...nothing, pixels: red }, size))).toBe(85);
  });
});

test("latents are decoded by the averages of the parameters, as the model decodes them", async () => {
  const field = await open("vae");
  try {
    const run = await field.start(key);
    await stepped(run, 2);
    const state = await stateOf(run);
    const { latents, samples, reconstructions } = field.looks!(key);
    const z = [0.5, -1, 2];
    const picture = await latents!.of(state, Float32Array.from(z));
    const model = vaeModel(sizes.vae.network);
    const { value } = trace((scope) => model.decode(scope, ops.constant(z, [1, 3])), {
      mode: "eval",
      norm: arms.weight,
    });
    const { data } = evaluate({ value }, { state: averaged(state) }).value;
    expect(picture).toMatchObject({ width: 28, height: 28, channels: 1 });
    expect(
      Math.max(...[...data].map((p, i) => Math.abs(255 * p - picture.pixels[i]))),
    ).toBeLessThan(0.51);
    await expect(latents!.of(state, new Float32Array(2))).rejects.toThrow(
      "latents: expected a point of 3 numbers, got 2; give one for each",
    );
    const [four] = await samples!(state, { count: 4, seed: 1 });
    expect((await samples!(state, { count: 4, seed: 2 }))[0].frames).not.toEqual(four.frames);
    expect(sizesOf([four, await reconstructions!(state)])).toEqual([
      ["samples", 1, 114, 114],
      ["reconstructions", 1, 8 * 58 - 2, 8 * 58 - 2],
    ]);
  } finally {
    await field.release();
  }
});
const sizesOf = (pictures: readonly Picture[]): unknown =>
  pictures.map(({ name, frames }) => [name, frames.length, frames[0].width, frames[0].height]);

test("DRAW's samples come with the canvas step by step and as an animation", async () => {
  const field = await open("draw");
  try {
    const state = await stateOf(await field.start(key));
    const pictures = await field.looks!(key).samples!(state, { count: 4, seed: 3 });
    expect(sizesOf(pictures)).toEqual([
      ["samples", 1, 114, 114],
      ["canvas", 1, 3 * 86 - 2, 4 * 86 - 2],
      ["animation", 3, 170, 170],
    ]);
    expect(pictures[2].caption).toMatch(/in red the windows that it writes through/);
  } finally {
    await field.release();
  }
});

test("an agent's game is the one that it plays, with the action that it values most", async () => {
  const config = configOf({ arms: ["weight"], limit: 40, test: { episodes: 3, epsilon: 0 } });
  const field = await dqn.open(config, world());
  try {
    const state = await stateOf(await field.start(key));
    const looks = field.looks!(key);
    const game = await looks.game!(state, { seed: 5, most: 200 });
    const whole = { key, config: field.config, state, step: 0, world: world() };
    const played = await dqn.play!(whole, { seed: 5, most: 200 });
    expect(game).toMatchObject({
      ...{ name: "breakout", actions: ["noop", "left", "up", "right", "down", "fire"] },
      ...{ score: played.score, steps: played.steps, delay: 100 },
    });
    expect(digest(game.frames.map(({ picture }) => picture))).toBe(digest(played.frames));
    expect(game.frames).toHaveLength(game.steps + 1);
    for (const { q, action } of game.frames.slice(0, -1))
      expect([q!.length, action]).toEqual([6, q!.indexOf(Math.max(...q!))]);
    const last = game.frames.at(-1)!;
    expect(["q" in last, "action" in last, last.score]).toEqual([false, false, game.score]);
    const short = await looks.game!(state, { seed: 5, most: 4 });
    expect(digest(short.frames.map(({ picture }) => picture))).toBe(
      digest(played.frames.slice(0, 4)),
    );
  } finally {
    await field.release();
  }
});

test("photos of the user's own are guessed by the names of their folders", async () => {
  const files: Record<string, Uint8Array> = {};
  for (const shape of ["circle", "square"] as const)
    for (let i = 0; i < 10; i++)
      files[`${shape}/${i}.png`] = await encodedAs(pictureOf(shape, i, 16), 16);
  const { world: own } = worldOf("shapes", files);
  const asked = { size: 16, epochs: 1, arms: ["weight"] as const };
  const field = await photos.open(photos.complete(asked, {}), own);
  try {
    const run = await field.start(key);
    await stepped(run, 1);
    const state = await stateOf(run);
    const { guesses, mistakes } = field.looks!(key);
    expect(guesses).toMatchObject({
      ...{ classes: ["circle", "square"], inverted: false },
      picture: { width: 16, height: 16, channels: 3 },
    });
    const wrong = await mistakes!(state, 10);
    const { config } = field;
    const { test: measured } = await field.measure(
      { key, config, state, step: 1, world: own },
      "now",
    );
    expect(wrong.length / field.sheet.tested.count).toBeCloseTo(measured["error"]!, 12);
    const pictures = [0, 1].map((i): Raster => ({
      ...{ width: 16, height: 16, channels: 3 },
      pixels: pictureOf("circle", i, 16),
    }));
    for (const said of await guesses!.of(state, pictures))
      expect(said.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    // A test picture is guessed as it was when it was tested.
    for (const { picture, guess, sure } of wrong) {
      const [said] = await guesses!.of(state, [picture]);
      expect(said[["circle", "square"].indexOf(guess)]).toBeCloseTo(sure, 5);
    }
  } finally {
    await field.release();
  }
});
