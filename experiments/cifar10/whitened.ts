/** CIFAR-10's images whitened as in the authors' code; the transform is kept by the content that it was fitted to. */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tensor, type ImageSet } from "../../src/index.ts";
import {
  applyWhitening,
  cacheFolder,
  fitWhitening,
  loadCheckpoint,
  reasonOf,
  saveCheckpoint,
} from "../../src/node/index.ts";

export const PIXELS: number = 3 * 32 * 32;
/** (x - 127.5) / 128 */
const SCALED = { scale: 1 / 128, shift: -127.5 / 128 };
/** Added to the variances. */
const EPSILON = 1e-5;
/** Raised when the transform is computed otherwise. */
const VERSION = 1;

export interface WhitenedOptions {
  readonly threads?: number;
  readonly onProgress?: (done: number) => void;
}

/** `sets` by the transform fitted to the first, each [count, 3072]. */
export async function whitened(
  sets: readonly [ImageSet, ImageSet],
  options: WhitenedOptions = {},
): Promise<readonly [Float32Array, Float32Array]> {
  const transform = await transformOf(sets[0], options);
  const apply = ({ images }: ImageSet): Promise<Float32Array> =>
    applyWhitening(images, transform, { ...SCALED, ...options });
  return [await apply(sets[0]), await apply(sets[1])];
}

/** Where the transform fitted to `images` is kept, as `mean` [3072] and `forward` [3072, 3072]. */
export function transformPath(images: Uint8Array): string {
  const content = createHash("sha256").update(images).digest("hex").slice(0, 16);
  return join(cacheFolder(), `zca-${VERSION}-${EPSILON}-${content}.safetensors`);
}

interface Transform {
  readonly mean: Float32Array;
  readonly forward: Float32Array;
}
async function transformOf({ images }: ImageSet, options: WhitenedOptions): Promise<Transform> {
  const path = transformPath(images);
  const kept = await loadCheckpoint(path).catch(() => undefined); // none yet, or damaged: it is made again
  const [mean, forward] = ["mean", "forward"].map((name) => kept?.state.get(name)?.data);
  if (mean instanceof Float32Array && forward instanceof Float32Array) return { mean, forward };
  const fitted = await fitWhitening(images, PIXELS, { ...SCALED, ...options, epsilon: EPSILON });
  const transform = {
    mean: Float32Array.from(fitted.mean),
    forward: Float32Array.from(fitted.forward),
  };
  const state = new Map([
    ["mean", tensor(transform.mean)],
    ["forward", tensor(transform.forward, [PIXELS, PIXELS])],
  ]);
  await mkdir(dirname(path), { recursive: true })
    .then(() => saveCheckpoint(path, { state, step: 0, seed: 0, config: {}, progress: {} }))
    .catch((error: unknown) => {
      // The run goes on, but whoever waits for this at every start should know why.
      const got = reasonOf((error as Error).cause ?? error);
      process.emitWarning(
        `${path}: cannot keep the fitted whitening, so that every start fits it again, got ${got}; set XDG_CACHE_HOME to a folder that can be written`,
      );
    });
  return transform;
}
