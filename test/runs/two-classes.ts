/** A small problem for trainings of one's own: whether two numbers have the same sign, told from them and not from one. */
import { apply, dense, hash, keyOf, ops, sequential, type Layer } from "../../src/index.ts";

const key = keyOf("two classes");
const at = (i: number): number => (hash(i, key) / 2 ** 32) * 2 - 1;

/** Two numbers an example, the first a hundred times as large, and the name of its class. */
export function twoClasses(
  count: number,
  from = 0,
): { readonly x: readonly (readonly number[])[]; readonly y: readonly string[] } {
  const rows = Array.from({ length: count }, (_, i) => [
    at(2 * (from + i)),
    at(2 * (from + i) + 1),
  ]);
  return {
    x: rows.map(([a, b]) => [100 * a, b]),
    y: rows.map(([a, b]) => (a * b > 0 ? "same" : "other")),
  };
}

/** [batch, 2] -> [batch, 2] */
export const layer = (): Layer => sequential(dense(16), apply(ops.tanh), dense(2));
