/** Tensors of a checkpoint cut along their first axis, and laid end to end: PyTorch keeps in one what we keep in several. */
import { sizeOf } from "../../graph/index.ts";
import type { Values } from "../fold.ts";

/** Rows start ... end of x. */
export function rows(x: Values, start: number, end: number): Values {
  const width = sizeOf(x.shape.slice(1));
  const shape = [end - start, ...x.shape.slice(1)];
  return { ...x, shape, data: x.data.slice(start * width, end * width) };
}

/** One below the other. */
export function stacked(list: readonly Values[]): Values {
  const [first] = list;
  const numbers = list.flatMap((x) => Array.from(x.data));
  const shape = [list.reduce((sum, x) => sum + x.shape[0], 0), ...first.shape.slice(1)];
  return like(first, shape, numbers);
}

export const sum = (a: Values, b: Values): Values =>
  like(
    a,
    a.shape,
    zip(a, b, (x, y) => x + y),
  );
export const difference = (a: Values, b: Values): Values =>
  like(
    a,
    a.shape,
    zip(a, b, (x, y) => x - y),
  );
export const filled = (x: Values, value: number): Values => ({
  ...x,
  data: x.data.map(() => value),
});

const zip = (a: Values, b: Values, f: (x: number, y: number) => number): number[] =>
  Array.from(a.data, (x, i) => f(x, b.data[i]));
const like = (x: Values, shape: Values["shape"], numbers: readonly number[]): Values => ({
  ...x,
  shape,
  data: x.data instanceof Float64Array ? Float64Array.from(numbers) : Float32Array.from(numbers),
});

/** "a.b", and "b" where there is no a. */
export const under = (module: string, name: string): string =>
  module === "" ? name : `${module}.${name}`;

/** Modules by PyTorch's name, and the layer that they are here: of the module itself, or of one that it is in. */
export type ModuleNames = Readonly<Record<string, string>>;

/** `name` with the longest part of it that `names` knows, up to a dot, replaced. */
export function renamed(name: string, names: ReadonlyMap<string, string>): string {
  for (let part = name; ; part = part.slice(0, Math.max(0, part.lastIndexOf(".")))) {
    const other = names.get(part);
    if (other !== undefined) {
      const rest = part === "" ? name : name.slice(part.length + 1);
      return rest === "" ? other : under(other, rest);
    }
    if (part === "") return name;
  }
}
export function refuse(where: string, names: readonly string[], what: string): void {
  if (names.length > 0)
    throw new Error(`${where}: ${what}, got ${names.join(", ")}; rename them, or leave them out`);
}
