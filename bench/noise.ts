/** Images that nobody has seen, of which there are as many as are asked for: what a step takes does not depend on them. */
import { labelled } from "../experiments/classification.ts";
import type { DataSet } from "../runs/minibatch/task.ts";

export function noise(count: number, shape: readonly [number, number, number]): DataSet {
  const size = shape[0] * shape[1] * shape[2];
  const pixels = Float32Array.from({ length: count * size }, (_, i) => Math.sin(i * i));
  return labelled({
    shape,
    labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
    pixels(rows) {
      const batch = new Float32Array(rows.length * size);
      rows.forEach((row, i) => batch.set(pixels.subarray(row * size, (row + 1) * size), i * size));
      return batch;
    },
  });
}
