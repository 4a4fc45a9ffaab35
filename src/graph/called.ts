/** What constants are called, where they come from a file that has a name for them: one that is exported keeps it. */
import type { Node } from "./op.ts";

const names = new WeakMap<Node, string>();

/** The same constant, called `name`. */
export function called(n: Node, name: string): Node {
  names.set(n, name);
  return n;
}
/** What a constant is called; undefined for most. */
export const calledIn = (n: Node): string | undefined => names.get(n);
