/**
 * CIFAR-10's binary version (https://www.cs.toronto.edu/~kriz/cifar.html): records of a label and 3072 bytes, the red, then
 * the green, then the blue plane of 32 rows of 32.
 */
import type { ImageSet } from "./images.ts";

const IMAGE = 3 * 32 * 32;
const RECORD = 1 + IMAGE;

/** One set from its files, in order, each with the name that messages give it. */
export function parseCifar10(
  files: readonly { readonly where: string; readonly bytes: Uint8Array }[],
): ImageSet {
  const count = files.reduce((sum, file) => sum + recordsIn(file), 0);
  const images = new Uint8Array(count * IMAGE);
  const labels = new Uint8Array(count);
  let row = 0;
  for (const { where, bytes } of files)
    for (let at = 0; at < bytes.length; at += RECORD, row++) {
      if (bytes[at] > 9)
        throw new Error(
          `${where}: labels must be 0..9, got ${bytes[at]} in record ${at / RECORD}; check that it is a batch of CIFAR-10's binary version, or replace it with an intact copy`,
        );
      labels[row] = bytes[at];
      images.set(bytes.subarray(at + 1, at + RECORD), row * IMAGE);
    }
  return { images, labels, count, channels: 3, height: 32, width: 32 };
}

function recordsIn({
  where,
  bytes,
}: {
  readonly where: string;
  readonly bytes: Uint8Array;
}): number {
  if (bytes.length > 0 && bytes.length % RECORD === 0) return bytes.length / RECORD;
  throw new Error(
    `${where}: truncated or not a batch of CIFAR-10's binary version, got ${bytes.length} bytes, expected a multiple of ${RECORD} (a label and 3072 pixels a record); replace it with an intact copy`,
  );
}
