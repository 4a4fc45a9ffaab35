/** Updates of any kind: expressions of parameters, gradients and rates, in rows and single numbers, with sums and norms. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  abs,
  add,
  constant,
  div,
  input,
  less,
  maximum,
  mul,
  neg,
  norm,
  safeReciprocal,
  scaled,
  select,
  sign,
  sqrt,
  sub,
  sum,
  type Node,
} from "../../src/graph/index.ts";
import { tensor, type ProgramSpec, type Tensor } from "../../src/runtime/program.ts";
import { some } from "../conformance/case.ts";
import { whole } from "../whole.ts";
import { builds, differences, drawn, left, ran } from "./both.ts";

/** Choices that make an expression, read as it grows. */
type Choices = readonly number[];

/** Values of a size that can be meant: [rows, width], a number a row, or a single number. */
interface Material {
  readonly full: readonly Node[];
  readonly row: readonly Node[];
  readonly one: readonly Node[];
}

/** An expression of the material, by choices: grown from the leaves, each step takes two values made before. */
function expression(material: Material, choices: Choices): Material {
  let { full, row, one } = material;
  const pick = <T>(list: readonly T[], by: number): T => list[by % list.length];
  for (let i = 0; i + 2 < choices.length; i += 3) {
    const [what, first, second] = choices.slice(i, i + 3);
    const other = pick([...full, ...row, ...one], second);
    const a = pick(full, first);
    const r = pick(row, first);
    const s = pick([...row, ...one], second);
    const made: readonly (() => void)[] = [
      () => (full = [...full, mul(a, other)]),
      () => (full = [...full, add(a, other)]),
      () => (full = [...full, sub(other, a)]),
      () => (full = [...full, div(a, add(sqrt(abs(other)), 0.1))]),
      () => (full = [...full, maximum(neg(a), other)]),
      () => (full = [...full, select(less(a, other), sign(a), other)]),
      () => (full = [...full, scaled(a, r, s)]),
      () => (row = [...row, sum(a, { axes: 1, keepDims: true })]),
      () => (row = [...row, norm(a, { axes: 1, keepDims: true })]),
      () => (row = [...row, mul(r, s)]),
      () => (row = [...row, safeReciprocal(add(r, s))]),
      () => (one = [...one, add(pick(one, first), mul(pick(one, second), 0.5))]),
    ];
    made[what % made.length]();
  }
  return { full, row, one };
}

/** A step whose every parameter becomes the last values that choices made of its shape. */
function stepOf(rows: number, width: number, choices: Choices): ProgramSpec {
  const [v, m] = [drawn("v", [rows, width]), drawn("m", [rows, width])];
  const [g, h] = [drawn("g", [rows, 1]), drawn("h", [rows, 1])];
  const [s, t] = [drawn("s", []), drawn("t", [])];
  const [rate, x, y] = [input("rate", []), input("x", [rows, width]), input("y", [width, rows])];
  const w = mul(v, mul(g, safeReciprocal(norm(v, { axes: 1, keepDims: true }))));
  const dw = sub(x, mul(w, 0.1));
  const made = expression(
    { full: [v, m, dw, w], row: [g, h], one: [s, t, rate, constant(0.9)] },
    choices,
  );
  const nth = (list: readonly Node[], back: number): Node => list.at(-Math.min(back, list.length))!;
  return {
    inputs: [rate, x, y],
    outputs: { loss: sum(mul(dw, dw)) },
    updates: [
      { parameter: v, next: nth(made.full, 1) },
      { parameter: m, next: nth(made.full, 2) },
      { parameter: g, next: nth(made.row, 1) },
      { parameter: h, next: nth(made.row, 2) },
      { parameter: s, next: nth(made.one, 1) },
      { parameter: t, next: nth(made.one, 2) },
    ],
  };
}

const stepsFor = (rows: number, width: number): readonly Readonly<Record<string, Tensor>>[] =>
  [0, 1, 2].map((seed) => ({
    rate: tensor(0.1 * (seed + 1)),
    x: some([rows, width], { seed }),
    y: some([width, rows], { seed }),
  }));

const choices = fc.array(fc.nat({ max: 1000 }), { minLength: 3, maxLength: 36 });
const sizes = fc.tuple(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 2, max: 21 }));

describe.each(builds)("%s", (_, runtimeOf) => {
  test("three steps have the bits of the graph", () =>
    fc.assert(
      fc.asyncProperty(sizes, choices, async ([rows, width], list) => {
        const spec = stepOf(rows, width, list);
        const steps = stepsFor(rows, width);
        const graph = await ran(runtimeOf(false), spec, { steps });
        const loops = await ran(runtimeOf(true), spec, { steps });
        expect(differences(graph, loops)).toEqual([]);
        expect(loops.outputs).toEqual(graph.outputs);
      }),
      { numRuns: whole ? 1000 : 40, seed: 1 },
    ));
});

test("hardly anything of them stays in the graph", () => {
  const specs = fc.sample(fc.tuple(sizes, choices), { numRuns: 50, seed: 1 });
  const stay = specs.flatMap(([[rows, width], list]) => left(stepOf(rows, width, list)));
  expect(stay.length).toBeLessThan(20);
});
