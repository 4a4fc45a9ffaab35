/** Pictures made for tests: circles and squares of random colours and places, with noise, drawn from a key. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { hash, keyOf } from "../../src/index.ts";

export const SHAPES = ["circle", "square"] as const;
export type Shape = (typeof SHAPES)[number];

/** One picture, `size` pixels wide and high: always the same for the same number. */
export function drawn(shape: Shape, number: number, size: number): Uint8Array {
  const key = keyOf("shape", shape, number);
  const random = (i: number): number => hash(i, key) / 2 ** 32;
  const radius = size * (0.18 + 0.12 * random(0));
  const [cx, cy] = [random(1), random(2)].map((u) => radius + u * (size - 2 * radius));
  const back = [3, 4, 5].map((i) => 255 * random(i));
  // Far enough from the background, in whatever direction.
  const fore = back.map((x, i) => (x + 90 + 75 * random(6 + i)) % 255);
  const pixels = new Uint8Array(3 * size * size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const [dx, dy] = [Math.abs(x + 0.5 - cx), Math.abs(y + 0.5 - cy)];
      const within =
        shape === "circle" ? Math.hypot(dx, dy) <= radius : Math.max(dx, dy) <= 0.886 * radius;
      for (let c = 0; c < 3; c++) {
        const at = 3 * (y * size + x) + c;
        const noise = 40 * (random(16 + at) - 0.5);
        pixels[at] = Math.max(0, Math.min(255, (within ? fore : back)[c] + noise));
      }
    }
  return pixels;
}

export const encodedAs = (
  pixels: Uint8Array,
  size: number,
  format: "png" | "jpeg" | "webp" = "png",
): Promise<Buffer> =>
  sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .toFormat(format, format === "jpeg" ? { quality: 95 } : {})
    .toBuffer();

const FORMATS = ["png", "jpeg", "webp"] as const;

/** A folder with a folder for each shape, `count` pictures in either, in all three formats. */
export async function pictureFolder(
  folder: string,
  {
    count,
    size,
    from = 0,
  }: { readonly count: number; readonly size: number; readonly from?: number },
): Promise<void> {
  for (const shape of SHAPES) {
    await mkdir(join(folder, shape), { recursive: true });
    for (let i = from; i < from + count; i++) {
      const format = FORMATS[i % FORMATS.length];
      const name = `${String(i).padStart(4, "0")}.${format === "jpeg" ? "jpg" : format}`;
      await writeFile(
        join(folder, shape, name),
        await encodedAs(drawn(shape, i, size), size, format),
      );
    }
  }
}
