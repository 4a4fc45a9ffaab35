/** Windows over the places of [batch, channels, ...places]: one axis of them or two; one is the second of two, the first of size 1. */
import { expandDims, squeeze, type Node, type Shape, type Window2d } from "../../graph/index.ts";
import type { Call } from "../call.ts";

/** How a window goes along the axes of places; all lists are as long as there are such axes. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before and after each axis. */
  readonly begins: readonly number[];
  readonly ends: readonly number[];
}
/** What the attributes of a node say of its windows, but for padding. */
export type Steps = Pick<Windows, "kernel" | "strides" | "dilations">;

/** Strides and dilations by the attributes of `call`. */
export function stepsOf(call: Call, places: Shape, kernel: readonly number[]): Steps {
  if (places.length < 1 || places.length > 2)
    throw call.fail(
      `expected x of shape [batch, channels, length] or [batch, channels, height, width], got ${places.length} axes of places, which is not supported; cut the model before it`,
    );
  const each = (name: string): readonly number[] => {
    const given = call.ints(name, []);
    return given.length > 0 ? given : places.map(() => 1);
  };
  const steps = { kernel, strides: each("strides"), dilations: each("dilations") };
  for (const [name, list] of Object.entries(steps))
    if (list.length !== places.length || !list.every((n) => Number.isInteger(n) && n > 0))
      throw call.fail(
        `expected ${places.length} whole numbers from 1 as its ${name}, got [${list}]; the file is damaged`,
      );
  return steps;
}

/** How far a window spans along axis i. */
export const spanOf = ({ kernel, dilations }: Steps, i: number): number =>
  (kernel[i] - 1) * dilations[i] + 1;

/** The windows of a node that slides over x, by `auto_pad` or by `pads`. */
export function windowsOf(call: Call, places: Shape, kernel: readonly number[]): Windows {
  const steps = stepsOf(call, places, kernel);
  const how = call.string("auto_pad", "NOTSET");
  if (how === "NOTSET" || how === "") return { ...steps, ...padsOf(call, places) };
  if (how === "VALID") return { ...steps, begins: places.map(() => 0), ends: places.map(() => 0) };
  const totals = places.map((size, i) => {
    const stride = steps.strides[i];
    return Math.max(0, (Math.ceil(size / stride) - 1) * stride + spanOf(steps, i) - size);
  });
  return { ...steps, ...shared(totals, oddAtEnd(call, how)) };
}
/** [begins..., ends...] */
export function padsOf(call: Call, places: Shape): Pick<Windows, "begins" | "ends"> {
  const given = call.ints("pads", []);
  const pads = given.length > 0 ? given : [...places, ...places].map(() => 0);
  if (pads.length !== 2 * places.length)
    throw call.fail(
      `expected ${2 * places.length} pads, a beginning and an end for each axis of places, got [${pads}]; the file is damaged`,
    );
  return { begins: pads.slice(0, places.length), ends: pads.slice(places.length) };
}
/** Whether an odd one comes after the input rather than before it. */
export function oddAtEnd(call: Call, how: string): boolean {
  if (how === "SAME_UPPER" || how === "SAME_LOWER") return how === "SAME_UPPER";
  throw call.fail(
    `expected auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, got "${how}"; the file is damaged`,
  );
}
/** So much padding in all, half of it on each side. */
export function shared(
  totals: readonly number[],
  atEnd: boolean,
): Pick<Windows, "begins" | "ends"> {
  const less = totals.map((n) => Math.floor(n / 2));
  const more = totals.map((n) => Math.ceil(n / 2));
  return atEnd ? { begins: less, ends: more } : { begins: more, ends: less };
}

type Pair = readonly [number, number];
/** A number for each axis as one for each of two axes. */
export const twoOf = (list: readonly number[], first: number): Pair =>
  list.length === 1 ? [first, list[0]] : [list[0], list[1]];

/** The same windows over two axes. */
export function windowOf({ strides, dilations, begins, ends }: Omit<Windows, "kernel">): Window2d {
  return {
    strides: twoOf(strides, 1),
    dilations: twoOf(dilations, 1),
    pads: [...twoOf(begins, 0), ...twoOf(ends, 0)],
  };
}

/** A function of images [n, c, h, w] as one of x, which may be of [n, c, length]; weights get the axis, too. */
export const asImages = (f: (...xs: Node[]) => Node, ...xs: Node[]): Node =>
  xs[0].shape.length === 3 ? squeeze(f(...xs.map((x) => expandDims(x, 2))), 2) : f(...xs);
