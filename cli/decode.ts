/** Files of pictures as pixels, by sharp: JPEG, PNG, WebP and what else it reads. */
import type { PictureSize, Raster } from "../runs/experiment.ts";
import { notPicture } from "../runs/pictures.ts";
import { lackIn } from "./needs.ts";

/** Upright, cut to its middle, on white, in the size and the channels that are asked for; throws for what is no picture. */
export async function decoded(
  bytes: Uint8Array,
  { width, height, channels }: PictureSize,
): Promise<Raster> {
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new Error(lackIn(cause) ?? (cause as Error).message, { cause });
  });
  try {
    const { data, info } = await sharp(bytes)
      .rotate() // as its camera was held
      .resize(width, height, { fit: "cover" })
      .flatten({ background: "#ffffff" })
      .toColourspace(channels === 1 ? "b-w" : "srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== channels) throw new Error(`${info.channels} channels`);
    return { width, height, channels, pixels: new Uint8Array(data) };
  } catch (cause) {
    throw notPicture(bytes, cause);
  }
}
