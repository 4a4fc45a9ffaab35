/** CIFAR-10's images whitened as in the authors' code; the transform is kept by the content that it was fitted to. */
import {
  applyWhitening,
  decodeCheckpoint,
  encodeCheckpoint,
  fitWhitening,
  tensor,
  type Door,
  type ImageSet,
  type Runtime,
  type State,
} from "../../src/index.ts";

export const PIXELS: number = 3 * 32 * 32;
/** (x - 127.5) / 128 */
const SCALED = { scale: 1 / 128, shift: -127.5 / 128 };
/** Added to the variances. */
const EPSILON = 1e-5;
/** Raised when the transform is computed otherwise. */
const VERSION = 1;

export interface WhitenedOptions {
  readonly runtime: Runtime;
  readonly door: Pick<Door, "recall" | "keep">;
  /** From 0 to 1, while the transform is fitted: once. */
  readonly onProgress?: (done: number) => void;
}

/** `sets` by the transform fitted to the first, each [count, 3072]. */
export async function whitened(
  sets: readonly [ImageSet, ImageSet],
  options: WhitenedOptions,
): Promise<readonly [Float32Array, Float32Array]> {
  const transform = await transformOf(sets[0], options);
  const apply = ({ images }: ImageSet): Promise<Float32Array> =>
    applyWhitening(images, transform, { ...SCALED, runtime: options.runtime });
  return [await apply(sets[0]), await apply(sets[1])];
}

/** What the transform fitted to `images` is kept as: a checkpoint with `mean` [3072] and `forward` [3072, 3072]. */
export async function transformName(images: Uint8Array): Promise<string> {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-assertion -- the types of browsers ask for it
  const digest = await crypto.subtle.digest("SHA-256", images as Uint8Array<ArrayBuffer>);
  const content = Array.from(new Uint8Array(digest, 0, 8), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  return `zca-${VERSION}-${EPSILON}-${content}.safetensors`;
}

interface Transform {
  readonly mean: Float32Array;
  readonly forward: Float32Array;
}
async function transformOf(
  { images }: ImageSet,
  { runtime, door, onProgress }: WhitenedOptions,
): Promise<Transform> {
  const name = await transformName(images);
  const kept = stateIn(await door.recall(name), name);
  const [mean, forward] = ["mean", "forward"].map((key) => kept?.get(key)?.data);
  if (
    mean instanceof Float32Array &&
    forward instanceof Float32Array &&
    mean.length === PIXELS &&
    forward.length === PIXELS ** 2
  )
    return { mean, forward };
  const fitted = await fitWhitening(images, PIXELS, {
    ...SCALED,
    runtime,
    epsilon: EPSILON,
    ...(onProgress && { onProgress }),
  });
  const transform = {
    mean: Float32Array.from(fitted.mean),
    forward: Float32Array.from(fitted.forward),
  };
  const state = new Map([
    ["mean", tensor(transform.mean)],
    ["forward", tensor(transform.forward, [PIXELS, PIXELS])],
  ]);
  const bytes = encodeCheckpoint({ state, step: 0, seed: 0, config: {}, progress: {} });
  await door.keep(name, bytes);
  return transform;
}

/** Undefined where there is none yet, or a damaged one: it is made again. */
function stateIn(bytes: Uint8Array | undefined, name: string): State | undefined {
  try {
    return bytes && decodeCheckpoint(bytes, name).state;
  } catch {
    return undefined;
  }
}
