/** Pictures as files: one frame is a PNG, several are an animated GIF. */
import sharp from "sharp";
import type { Encoded } from "../runs/compare.ts";
import type { Picture } from "../runs/experiment.ts";

/** Milliseconds a frame, and for the last one: it starts again after a pause. */
const DELAY = { each: 180, last: 1500 };

export async function encoded({
  frames,
  delay: each = DELAY.each,
}: Pick<Picture, "frames" | "delay">): Promise<Encoded> {
  const [{ width, height, channels, pixels }] = frames;
  if (frames.length === 1) {
    const image = sharp(pixels, { raw: { width, height, channels } });
    return { bytes: await image.png().toBuffer(), extension: "png" };
  }
  const column = Buffer.concat(frames.map((frame) => frame.pixels)); // to sharp it is a column of frames
  const size = { width, height: height * frames.length, channels };
  const delay = frames.map((_, i) => (i === frames.length - 1 ? DELAY.last : each));
  const image = sharp(column, { raw: { ...size, pageHeight: height } });
  return { bytes: await image.gif({ delay, loop: 0 }).toBuffer(), extension: "gif" };
}
