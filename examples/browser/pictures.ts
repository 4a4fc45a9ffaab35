/** Pictures that are made as they are asked for: rings, crosses and bars, somewhere in the picture. */
import { hash, keyOf } from "weightnorm";

export const SIZE = 16;
export const KINDS: readonly string[] = ["ring", "cross", "bar"];

/** Whether there is ink at a point, of which the shape's middle is (0, 0). */
const inked: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => Math.abs(Math.hypot(x, y) - 4) < 0.8,
  (x, y) => Math.min(Math.abs(x), Math.abs(y)) < 1 && Math.max(Math.abs(x), Math.abs(y)) < 5,
  (x, y) => Math.abs(x - y) < 1.5 && Math.abs(x) < 5,
];

/** Pixels [count, 1, SIZE, SIZE] from -1 to 1, and which kind each picture is; the same for the same name and number. */
export function pictures(count: number, name: string, number: number): Pictures {
  const key = keyOf(name, number);
  const chance = (i: number): number => hash(i, key) / 2 ** 32;
  const middle = (i: number): number => 5 + Math.floor(chance(i) * (SIZE - 10));
  const labels = Int32Array.from({ length: count }, (_, i) =>
    Math.floor(chance(3 * i) * KINDS.length),
  );
  const pixels = new Float32Array(count * SIZE ** 2);
  for (const [i, label] of labels.entries()) {
    const [left, top] = [middle(3 * i + 1), middle(3 * i + 2)] as const;
    for (let p = 0; p < SIZE ** 2; p++) {
      const noise = chance(3 * count + i * SIZE ** 2 + p) - 0.5;
      const ink = inked[label]((p % SIZE) - left, Math.floor(p / SIZE) - top);
      pixels[i * SIZE ** 2 + p] = (ink ? 0.75 : -0.75) + noise / 2;
    }
  }
  return { pixels, labels };
}
export interface Pictures {
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
}
