/** Folders of pictures of the user's own: classes by folders, pixels as they should be, and what is said of those that are none. */
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import {
  photosFound,
  type PhotosConfig,
  type PhotosFound,
} from "../../experiments/own/photos/found.ts";
import {
  coloursOf,
  decodedPicture,
  normalized,
  viewOf,
} from "../../experiments/own/photos/pixels.ts";
import { photos } from "../../experiments/own/photos/task.ts";
import { decoded } from "../../cli/decode.ts";
import { keyOf } from "../../src/index.ts";
import { drawn, encodedAs } from "./own-pictures.ts";
import { failure, worldOf, type Spoken } from "./own-world.ts";

type Files = Readonly<Record<string, Uint8Array>>;
const asked = (flags: Partial<PhotosConfig>): ReturnType<typeof photos.complete> =>
  photos.complete({ size: 16, ...flags }, {});

async function opened(
  files: Files,
  flags: Partial<PhotosConfig> = {},
): Promise<Pick<Spoken, "said"> & { readonly config: PhotosConfig }> {
  const { world, said } = worldOf("photos", files);
  const field = await photos.open(asked(flags), world);
  await field.release();
  return { config: field.config as PhotosConfig, said };
}

const picture = await encodedAs(drawn("circle", 1, 24), 24);
const twenty = (folder: string): Files =>
  Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`${folder}/${i}.png`, picture]));
const good: Files = { ...twenty("dogs"), ...twenty("cats") };

test("classes are folders in the order of their names, and the rest is named", async () => {
  const { config, said } = await opened({
    ...good,
    ...{ "notes.txt": picture, ".DS_Store": picture, "cats/.hidden.png": picture },
    ...{ "cats/a.gif": picture, "cats/b.TIF": picture, "dogs/c.avif": picture },
    ...{ "cats/list.txt": picture, "cats/more/1.png": picture, "empty/readme.md": picture },
    "dogs/broken.jpg": new TextEncoder().encode("no picture"),
  });
  expect(config.found).toMatchObject({
    classes: ["cats", "dogs"],
    source: { name: "photos", count: 20 },
  });
  expect(`\n${said.join("\n")}\n`).toMatchInlineSnapshot(`
    "
    photos: left out 1 file beside the folders of classes (notes.txt)
    photos: left out 1 file in folders within those of classes (cats/more/1.png)
    photos: left out 3 files of formats that are not read: .avif, .gif, .tif, where .jpg, .jpeg, .png and .webp are (cats/a.gif, cats/b.TIF, dogs/c.avif)
    photos: left out 2 files that no picture is called (cats/list.txt, empty/readme.md)
    photos: left out folders without pictures (empty)
    photos/dogs/broken.jpg: expected a picture, got "Input buffer contains unsupported image format"; save it as JPEG, PNG or WebP; left out
    "
  `);
});

test("a folder that is none is named", async () => {
  const text = new TextEncoder().encode("text");
  const bad = Object.fromEntries([1, 2, 3].map((i) => [`cats/bad${i}.png`, text]));
  const cases: readonly (readonly [string, Files, Partial<PhotosConfig>?])[] = [
    ["nothing", {}],
    ["other files", { "a.txt": text, "cats/b.pdf": text }],
    ["other formats", { "cats/a.gif": text, "cats/b.TIF": text, "dogs/c.gif": text }],
    ["no folders", { "a.png": picture, "b.png": picture }],
    ["a level too many", { "train/cats/1.png": picture, "train/dogs/1.png": picture }],
    ["one class", twenty("cats")],
    ["a lonely picture", { ...twenty("cats"), "dogs/1.png": picture }],
    ["many that cannot be read", { ...good, ...bad }],
    ["a lonely picture that can be read", { ...good, "few/1.png": picture, "few/2.png": text }],
    [
      "an empty file",
      { ...good, "cats/e1.png": new Uint8Array(), "cats/e2.png": new Uint8Array() },
    ],
    [
      "many classes",
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`c${i}/1.png`, picture])),
    ],
  ];
  const said = [];
  for (const [name, files, flags] of cases)
    said.push(`${name}: ${await failure(opened(files, flags))}`);
  expect(`\n${said.join("\n")}\n`).toMatchInlineSnapshot(`
    "
    nothing: photos: expected folders with pictures (.jpg, .png, .webp), got none; put the pictures of every class into a folder of its own
    other files: photos: expected folders with pictures (.jpg, .png, .webp), got 2 other files; put the pictures of every class into a folder of its own
    other formats: photos: expected folders with pictures (.jpg, .jpeg, .png and .webp), got 3 of other formats (.gif, .tif); save them as JPEG, PNG or WebP
    no folders: photos: expected a folder for every class, got 2 pictures in no folder; put the pictures of every class into a folder of its own
    a level too many: photos: expected a folder for every class with pictures in it, got folders within train; give the folder that holds the classes, e.g. photos/train
    one class: photos: expected folders of two classes or more, got pictures in cats alone; put the pictures of every class into a folder of its own
    a lonely picture: photos/dogs: expected two pictures or more of every class, one of them to test on, got a single one; add some or take the folder out
    many that cannot be read: photos/cats/bad1.png: expected a picture, got "Input buffer contains unsupported image format"; save it as JPEG, PNG or WebP; 3 of 23 pictures in photos are like that, so mend them or take them out
    a lonely picture that can be read: photos/few: expected two pictures or more of every class, one of them to test on, got a single one; add some or take the folder out
    an empty file: photos/cats/e1.png: expected a picture, got an empty file; save it as JPEG, PNG or WebP; 2 of 22 pictures in photos are like that, so mend them or take them out
    many classes: photos: expected at most 256 folders of classes, got 300; leave some out
    "
  `);
});

describe("a picture", () => {
  const halves = (channels: 3 | 4): Buffer =>
    Buffer.from(
      Array.from({ length: 32 * 16 }, (_, i) => [
        i % 32 < 16 ? 255 : 0,
        0,
        0,
        ...(channels === 4 ? [0] : []),
      ]).flat(),
    );
  const raw = { width: 32, height: 16, channels: 3 } as const;
  const size = { width: 16, height: 16, channels: 3 } as const;
  const at = (pixels: Uint8Array, x: number, y: number): readonly number[] => [
    ...pixels.subarray(3 * (16 * y + x), 3 * (16 * y + x) + 3),
  ];

  test("is cut to its middle", async () => {
    const { pixels } = await decoded(await sharp(halves(3), { raw }).png().toBuffer(), size);
    expect([at(pixels, 2, 8), at(pixels, 13, 8)]).toEqual([
      [255, 0, 0],
      [0, 0, 0],
    ]);
  });
  test("lies on white where it is transparent", async () => {
    const bytes = await sharp(halves(4), { raw: { ...raw, channels: 4 } })
      .png()
      .toBuffer();
    expect(at((await decoded(bytes, size)).pixels, 2, 8)).toEqual([255, 255, 255]);
  });
  test("is upright, as its camera was held", async () => {
    const bytes = await sharp(halves(3), { raw }).png().withMetadata({ orientation: 6 }).toBuffer();
    const { pixels } = await decoded(bytes, size); // turned right: what was left is above
    expect([at(pixels, 8, 2), at(pixels, 8, 13)]).toEqual([
      [255, 0, 0],
      [0, 0, 0],
    ]);
  });
  test("of one channel, or of 16 bits, becomes three of eight", async () => {
    const grey = sharp(Buffer.alloc(256, 100), { raw: { width: 16, height: 16, channels: 1 } });
    expect(at((await decoded(await grey.png().toBuffer(), size)).pixels, 3, 3)).toEqual([
      100, 100, 100,
    ]);
    const deep = await grey.toColourspace("rgb16").png().toBuffer();
    expect(at((await decoded(deep, size)).pixels, 3, 3)).toEqual([100, 100, 100]);
  });
});

test("pixels are normalized channel by channel", async () => {
  const size = 8;
  const frame = { width: size, height: size, channels: 3 } as const;
  const planes = await decodedPicture(picture, frame, { decode: decoded });
  const pixels = { bytes: Uint8Array.from([...planes, ...planes.toReversed()]), frame };
  const rows = Uint32Array.of(0, 1);
  const x = normalized(pixels, coloursOf(pixels, rows), rows);
  const area = size * size;
  for (let c = 0; c < 3; c++) {
    const of = [0, 1].flatMap((n) => [...x.subarray((3 * n + c) * area, (3 * n + c + 1) * area)]);
    const mean = of.reduce((a, b) => a + b, 0) / of.length;
    expect(mean).toBeCloseTo(0, 5);
    expect(of.reduce((a, b) => a + b * b, 0) / of.length).toBeCloseTo(1, 4);
  }
});

describe("what training varies", () => {
  const size = 16;
  const frame = { width: size, height: size, channels: 3 } as const;
  const bytes = Uint8Array.from({ length: 3 * size * size }, (_, i) => i % 251);
  const colours = { mean: [0, 0, 0], deviation: [1, 1, 1] };
  const row = Uint32Array.of(0);
  const straight = normalized({ bytes, frame }, colours, row);

  test("is a function of the key", () => {
    const views = (key: ReturnType<typeof keyOf>): readonly unknown[] =>
      Array.from({ length: 50 }, (_, i) => viewOf(i, frame, { augment: ["flips", "crops"], key }));
    expect(views(keyOf(1, "variation", 5))).toEqual(views(keyOf(1, "variation", 5)));
    expect(views(keyOf(1, "variation", 5))).not.toEqual(views(keyOf(1, "variation", 6)));
    for (const view of views(keyOf(3)) as readonly ReturnType<typeof viewOf>[]) {
      expect(Math.abs(view.down)).toBeLessThanOrEqual(2);
      expect(Math.abs(view.right)).toBeLessThanOrEqual(2);
    }
    expect(viewOf(1, frame, { augment: [], key: keyOf(1) })).toEqual({
      down: 0,
      right: 0,
      mirrored: false,
    });
  });
  test("mirrors, and shifts with the edge repeated", () => {
    const seen = (view: ReturnType<typeof viewOf>): Float32Array =>
      normalized({ bytes, frame }, colours, row, () => view);
    const mirrored = seen({ down: 0, right: 0, mirrored: true });
    const shifted = seen({ down: -2, right: 1, mirrored: false });
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        expect(mirrored[y * size + x]).toBe(straight[y * size + size - 1 - x]);
        const from = Math.max(0, y - 2) * size + Math.min(size - 1, x + 1);
        expect(shifted[y * size + x]).toBe(straight[from]);
      }
  });
});

test("what a folder decided stays decided", async () => {
  const { config } = await opened(good);
  const turned = { ...config.found!, classes: ["dogs", "cats"], mean: [0.1, 0.2, 0.3] };
  const { world, said } = worldOf("photos", good);
  const field = await photos.open({ ...config, found: turned } as PhotosConfig, world);
  expect((field.config as PhotosConfig).found).toEqual(turned);
  expect(field.facts).toContainEqual(["classes", "dogs, cats"]);
  await field.release();
  expect(said).toEqual([]);
  const others = { ...turned, classes: ["cats", "wolves"] };
  expect(await failure(opened(good, { ...config, found: others }))).toBe(
    "photos/dogs: expected folders of the classes that the run tells apart, got another; mend the run's config.json or start a new run",
  );
});

test("what a folder decided is refused where no folder decides so", async () => {
  const { found } = (await opened(good)).config;
  expect(photosFound.safeParse(found).success).toBe(true);
  const hostile: readonly Partial<Record<keyof PhotosFound, unknown>>[] = [
    { classes: ["one"] },
    { classes: ["a", "a"] },
    { classes: Array.from({ length: 257 }, (_, i) => `c${i}`) },
    { mean: [0, 0] },
    { deviation: [0, 1, 1] },
    { deviation: [1, 1, NaN] },
    { source: { ...found!.source, count: 0 } },
  ];
  for (const part of hostile)
    expect(photosFound.safeParse({ ...found, ...part }).success).toBe(false);
});
