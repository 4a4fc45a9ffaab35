/** A picture's file as pixels: upright, its middle, on white where it is transparent. */
import type { PictureSize, Raster } from "../../runs/pictures.ts";

export async function pictureOf(
  file: File,
  { width, height, channels }: PictureSize,
): Promise<Raster> {
  const bitmap = await createImageBitmap(file).catch((cause: unknown) => {
    throw new Error(
      `${file.name}: expected a picture that this browser reads, got something else; choose a PNG or a JPEG`,
      { cause },
    );
  });
  const context = new OffscreenCanvas(width, height).getContext("2d")!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  const scale = Math.max(width / bitmap.width, height / bitmap.height);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(channels * width * height);
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = data.subarray(4 * i, 4 * i + 3);
    pixels.set(channels === 3 ? [r, g, b] : [0.299 * r + 0.587 * g + 0.114 * b], channels * i);
  }
  return { width, height, channels, pixels };
}
