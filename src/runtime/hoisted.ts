/** Values of parameters alone: known as long as the values of the parameters are the same. */
import { isGone } from "./arena.ts";
import type { Tensor } from "./program.ts";

interface Known {
  readonly of: readonly Tensor[];
  readonly value: Tensor;
}
/** By the first of the values that it rests on, and by the expression. Steps give a parameter that changes a new value. */
const known = new WeakMap<Tensor, Map<string, Known>>();

export function recall(key: string, of: readonly Tensor[]): Tensor | undefined {
  const found = known.get(of[0])?.get(key);
  const isSame = found?.of.every((x, i) => x === of[i]);
  return isSame && !isGone(found!.value) ? found!.value : undefined;
}

export function remember(key: string, { of, value }: Known): void {
  const byKey = known.get(of[0]) ?? new Map<string, Known>();
  known.set(of[0], byKey.set(key, { of, value }));
}
