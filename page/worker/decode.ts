/** Files of pictures as pixels, by the browser: in a worker, and for what is shown to the arms on the page. */
import type { PictureSize, Raster } from "../../runs/experiment.ts";
import { notPicture } from "../../runs/pictures.ts";
import { sizeIn } from "./picture-size.ts";

/** What a tab has memory for, several at a time. */
const MOST_PIXELS = 2 ** 26;

/**
 * Upright, cut to its middle, on white, in the size and the channels that are asked for; throws for what is no picture. As
 * cli/decode.ts does it by sharp, but for small differences of shade: browsers scale by filters of their own, and put what is
 * transparent onto white before they scale.
 */
export async function decoded(bytes: Uint8Array, size: PictureSize): Promise<Raster> {
  try {
    const said = sizeIn(bytes);
    if (said.width * said.height > MOST_PIXELS)
      throw new Error(`${said.width} x ${said.height} pixels, more than fit into a page`);
    const bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>])); // as its camera was held
    try {
      return { ...size, pixels: pixelsOf(bitmap, size) };
    } finally {
      bitmap.close();
    }
  } catch (cause) {
    throw notPicture(bytes, cause);
  }
}

function pixelsOf(bitmap: ImageBitmap, { width, height, channels }: PictureSize): Uint8Array {
  const context = new OffscreenCanvas(width, height).getContext("2d", {
    willReadFrequently: true,
  });
  if (!context) throw new Error("no canvas to draw it on");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  const scale = Math.max(width / bitmap.width, height / bitmap.height);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = data.subarray(4 * i, 4 * i + 3);
    if (channels === 1) pixels[i] = grey(r, g, b);
    else pixels.set([r, g, b], 3 * i);
  }
  return pixels;
}

/** Brightness as it reaches the eye, in the proportions that sharp has: of light, which the bytes of a picture are a root of. */
const grey = (r: number, g: number, b: number): number =>
  fromLight(0.2 * light[r] + 0.7 * light[g] + 0.1 * light[b]);
const light = Float64Array.from({ length: 256 }, (_, byte) => {
  const x = byte / 255;
  return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
});
const fromLight = (y: number): number =>
  Math.round(255 * (y <= 0.0031308 ? 12.92 * y : 1.055 * y ** (1 / 2.4) - 0.055));
