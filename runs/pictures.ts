/** Pictures before they are files. */
import { brief } from "../src/train/json.ts";

/** Pixels, row-major, channels last. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}
/** A picture, before it is a file. */
export interface Picture {
  readonly name: string;
  readonly caption: string;
  /** Several are an animation. */
  readonly frames: readonly Raster[];
  /** Milliseconds a frame of an animation (default 180). */
  readonly delay?: number;
}

/** What a picture becomes: upright, its middle, on white where it is transparent. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** What is said of a file that is no picture, by whoever decodes it; `cause` is what the decoder said. */
export function notPicture(bytes: Uint8Array, cause: unknown): Error {
  const got = bytes.length === 0 ? "an empty file" : brief((cause as Error).message);
  return new Error(`expected a picture, got ${got}; save it as JPEG, PNG or WebP`, { cause });
}
