/** Einstein's sums: products of tensors whose axes have letters, summed over those that the result has not. */
import {
  broadcastTo,
  matmul,
  mul,
  reshape,
  sizeOf,
  slice,
  sum,
  transpose,
  type Node,
} from "../../graph/index.ts";
import type { Call, Rules } from "../call.ts";
import { throughFloat } from "./integers.ts";

/** A tensor and the letters of its axes. */
interface Term {
  readonly x: Node;
  readonly axes: readonly string[];
}

function einsumOf(call: Call): Node {
  const { letters, result } = lettersOf(call);
  const of = (...xs: Node[]): Node => {
    const terms = xs.map((x, i) => diagonal({ x, axes: letters[i] }));
    const product = terms.reduce((a, b, i) => {
      const later = new Set([...result, ...terms.slice(i + 1).flatMap(({ axes }) => axes)]);
      return contract(summed(a, [...later, ...b.axes]), summed(b, [...later, ...a.axes]), later);
    });
    const { x, axes } = summed(product, result);
    return transpose(
      x,
      result.map((axis) => axes.indexOf(axis)),
    );
  };
  const xs = letters.map((_, i) => call.x(i));
  return xs[0].dtype === "float" ? of(...xs) : throughFloat(of)(...xs);
}

/** Of every input and of the result; the axes that "..." stands for are called by numbers, the last one 1. */
function lettersOf(call: Call): { letters: string[][]; result: string[] } {
  const equation = call.string("equation").replaceAll(" ", "");
  const [left, right] = equation.split("->") as [string, string | undefined];
  const parts = left.split(",");
  const wrong = (): Error =>
    call.fail(
      `expected an equation that fits inputs of shapes ${call.inputs.map((_, i) => `[${call.x(i).shape}]`).join(" ")}, got "${equation}"; the file is damaged`,
    );
  if (parts.length !== call.inputs.length) throw wrong();
  const ranks = parts.map((_, i) => call.x(i).shape.length);
  const named = (part: string): number => part.replace("...", "").length;
  const dotted = Math.max(
    0,
    ...parts.map((part, i) => (part.includes("...") ? ranks[i] - named(part) : 0)),
  );
  const split = (part: string, dots: number): string[] => {
    const [before, after] = part.split("...") as [string, string | undefined];
    const between = Array.from({ length: Math.max(0, dots) }, (_, i) => String(dots - i));
    return after === undefined
      ? before.split("")
      : [...before.split(""), ...between, ...after.split("")];
  };
  const letters = parts.map((part, i) => split(part, ranks[i] - named(part)));
  const seen = letters.flat();
  const once = seen.filter(
    (axis) => /[A-Za-z]/.test(axis) && seen.indexOf(axis) === seen.lastIndexOf(axis),
  );
  const result =
    right === undefined ? [...split("...", dotted), ...once.sort()] : split(right, dotted);
  const fits = letters.every((axes, i) => axes.length === ranks[i]);
  if (!fits || !result.every((axis) => seen.includes(axis)) || new Set(result).size < result.length)
    throw wrong();
  return { letters, result };
}

/** Of two axes with one letter the elements where both are at the same place. */
function diagonal({ x, axes }: Term): Term {
  const second = axes.findIndex((axis, i) => axes.indexOf(axis) < i);
  if (second < 0) return { x, axes };
  const first = axes.indexOf(axes[second]);
  const others = axes.flatMap((_, i) => (i === first || i === second ? [] : [i]));
  const sizes = others.map((i) => x.shape[i]);
  const square = reshape(transpose(x, [first, second, ...others]), [
    x.shape[first] * x.shape[second],
    ...sizes,
  ]);
  return diagonal({
    x: slice(square, { axis: 0, step: x.shape[first] + 1 }),
    axes: [axes[first], ...others.map((i) => axes[i])],
  });
}

/** Summed over axes that nobody else has. */
function summed({ x, axes }: Term, kept: readonly string[]): Term {
  const gone = axes.flatMap((axis, i) => (kept.includes(axis) ? [] : [i]));
  if (gone.length === 0) return { x, axes };
  return { x: sum(x, { axes: gone }), axes: axes.filter((axis) => kept.includes(axis)) };
}

/** The product of two terms, as a product of matrices where there is something to sum over. */
function contract(a: Term, b: Term, kept: ReadonlySet<string>): Term {
  const both = a.axes.filter((axis) => b.axes.includes(axis));
  const batch = both.filter((axis) => kept.has(axis));
  const inner = both.filter((axis) => !kept.has(axis));
  const left = a.axes.filter((axis) => !both.includes(axis));
  const right = b.axes.filter((axis) => !both.includes(axis));
  const size = (axis: string): number => Math.max(sizeIn(a, axis), sizeIn(b, axis));
  // Of a shared axis one side may have size 1: products broadcast that, sums have to be told.
  const ordered = (term: Term, groups: readonly (readonly string[])[]): Node => {
    const order = groups.flat();
    const x = transpose(
      term.x,
      order.map((axis) => term.axes.indexOf(axis)),
    );
    return broadcastTo(
      x,
      order.map((axis) => (inner.includes(axis) ? size(axis) : sizeIn(term, axis))),
    );
  };
  const sizes = (axes: readonly string[]): number[] => axes.map(size);
  const [x, y] = [ordered(a, [batch, left, inner]), ordered(b, [batch, inner, right])];
  const front = (z: Node): readonly number[] => z.shape.slice(0, batch.length);
  const [rows, k, columns] = [left, inner, right].map((axes) => sizeOf(sizes(axes)));
  const [p, q] = [reshape(x, [...front(x), rows, k]), reshape(y, [...front(y), k, columns])];
  const product = inner.length === 0 ? mul(p, q) : matmul(p, q);
  return {
    x: reshape(product, sizes([...batch, ...left, ...right])),
    axes: [...batch, ...left, ...right],
  };
}
const sizeIn = ({ x, axes }: Term, axis: string): number => x.shape[axes.indexOf(axis)] ?? 0;

export const einsum: Rules = { Einsum: einsumOf };
