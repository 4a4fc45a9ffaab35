/** What was given where something else was needed, in a few words for a message. */

/** `undefined`, `0.1`, `"relu"`, `a list of 2`, `a node (matmul)`, `a function (adam)`, `an object of lr, momentum`. */
export function described(x: unknown): string {
  if (typeof x === "string") return JSON.stringify(x.length > 40 ? `${x.slice(0, 40)}…` : x);
  if (typeof x === "function") return x.name === "" ? "a function" : `a function (${x.name})`;
  if (typeof x !== "object" || x === null) return String(x);
  if (x instanceof RegExp) return `${x}`;
  if (Array.isArray(x)) return `a list of ${x.length}`;
  if (isNode(x)) return `a node (${x.op})`;
  if (isScope(x)) return "a scope";
  if (isTensor(x)) return "a tensor";
  if (ArrayBuffer.isView(x) || x instanceof Map || x instanceof Set || x instanceof Promise)
    return `a ${x.constructor.name}`;
  const names = Object.keys(x);
  const more = names.length > 5 ? ", ..." : "";
  return names.length === 0
    ? "an empty object"
    : `an object of ${names.slice(0, 5).join(", ")}${more}`;
}

const has = (x: unknown, ...names: readonly string[]): boolean =>
  typeof x === "object" && x !== null && names.every((name) => name in x);

export const isNode = (x: unknown): x is { readonly op: string } =>
  has(x, "op", "inputs", "attrs", "dtype");
/** What layers get to see: functions that are no layers are often given one by mistake. */
export const isScope = (x: unknown): boolean => has(x, "child", "parameter", "norm");
/** A value outside the graph. */
export const isTensor = (x: unknown): boolean => has(x, "dtype", "shape", "data");
