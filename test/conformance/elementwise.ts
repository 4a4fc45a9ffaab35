/** Cases of what works element by element. */
import * as $ from "../../src/graph/index.ts";
import type { Node, Shape } from "../../src/graph/index.ts";
import { tensor } from "../../src/runtime/program.ts";
import { bools, exactly, ints, many, some, titled, type Case } from "./case.ts";
import {
  beyondInt32,
  binary,
  broadcasts,
  casts,
  comparison,
  ofBool,
  onInts,
  unary,
} from "./families.ts";

const halves = tensor([-3.5, -2.5, -2.4999, -1.5, -1, -0.5, -0.2, -0, 0, 0.5, 1.5, 2.5, 3.5, 1e10]);
const large = tensor([-1e6, -1e4, -123.25, 100, 1e3, 1e5, 1e9]);
const oddities = tensor([NaN, 0, -0, 1, NaN, Infinity, -Infinity, 3e38, -3e38, 1e-45, NaN, -1]);

/** Where a function ends or an intermediate value might overflow, beside its zero. */
const atEnds = (f: (x: Node) => Node, x: readonly number[]): readonly Case[] =>
  x.map((v) => ({ name: `at ${v}`, inputs: [tensor([v, 0])], build: f }));
/** What is about x for small x, divided by x, so that errors count in proportion. */
const relative = (f: (x: Node) => Node): readonly Case[] => [
  {
    name: "near 0, relative to x",
    inputs: [tensor([1e-30, -1e-30, 1e-12, -1e-9, 3e-8, -1e-7, 7e-7, 1e-5, -3e-4, 0.01])],
    build: (x) => $.div(f(x), x),
  },
];
const logical = (f: (a: Node, b: Node) => Node): readonly Case[] =>
  many(broadcasts, (name, a, b) => ({ name, inputs: [bools(a), bools(b, 1)], build: f }));

type Elementwise =
  | "neg"
  | "abs"
  | "sign"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "sqrt"
  | "safeReciprocal"
  | "sin"
  | "cos"
  | "tanh"
  | "sigmoid"
  | "softplus"
  | "erf"
  | "leakyRelu"
  | "leakyStep"
  | "elu"
  | "clip"
  | "floor"
  | "round"
  | "isNaN"
  | "logicalNot"
  | "cast"
  | "stopGradient"
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "pow"
  | "maximum"
  | "minimum"
  | "equal"
  | "less"
  | "lessOrEqual"
  | "logicalAnd"
  | "logicalOr"
  | "select";
export const elementwise: { readonly [K in Elementwise]: readonly Case[] } = {
  neg: exactly(unary($.neg)),
  abs: exactly(unary($.abs)),
  sign: exactly(unary($.sign)),
  exp: [
    ...unary($.exp, some([64], { from: -10, to: 10 })),
    { name: "far left", inputs: [tensor([-200, -1000, 0])], build: $.exp },
  ],
  expm1: [
    ...unary($.expm1, some([64], { from: -10, to: 10 })),
    ...atEnds($.expm1, [-Infinity, -1000, -20, 0, 88, Infinity]),
    ...relative($.expm1),
  ],
  log: unary($.log, tensor([1e-30, 1e-3, 0.5, 1, 2, 1e30])),
  log1p: [
    ...unary($.log1p, tensor([-0.99, -0.5, -1e-3, 1e-3, 0.5, 1, 2, 49])),
    ...atEnds($.log1p, [-1, -1 + 2 ** -24, 0, 1e30, 3.4e38, Infinity]),
    ...relative($.log1p),
  ],
  sqrt: unary($.sqrt, tensor([0, 1e-10, 0.25, 2, 100])),
  safeReciprocal: unary($.safeReciprocal, tensor([-4, -0.5, -0, 0, 0.25, 3])),
  sin: [...unary($.sin), ...titled("of large angles", unary($.sin, large))],
  cos: [...unary($.cos), ...titled("of large angles", unary($.cos, large))],
  tanh: unary($.tanh),
  sigmoid: unary($.sigmoid),
  softplus: [
    ...unary($.softplus),
    { name: "without overflow", inputs: [tensor([-1000, 1000])], build: $.softplus },
  ],
  erf: unary($.erf),
  leakyRelu: [
    ...unary($.relu),
    ...titled(
      "alpha 0.1",
      unary((x) => $.leakyRelu(x, 0.1)),
    ),
    ...titled(
      "alpha 1",
      unary((x) => $.leakyRelu(x, 1)),
    ),
  ],
  leakyStep: [
    ...unary((x) => $.leakyStep(x)),
    ...titled(
      "alpha 0.1",
      unary((x) => $.leakyStep(x, 0.1)),
    ),
    ...titled(
      "extremes",
      unary((x) => $.leakyStep(x, 0.25), tensor([-1e-37, -0, 0, 1e-37, -3e38, 3e38])),
    ),
  ],
  elu: [
    ...unary((x) => $.elu(x)),
    ...titled(
      "alpha 2.5",
      unary((x) => $.elu(x, 2.5)),
    ),
  ],
  clip: [
    ...unary((x) => $.clip(x, -0.5, 2)),
    ...titled(
      "above",
      unary((x) => $.clip(x, -Infinity, 1)),
    ),
    ...titled(
      "below",
      unary((x) => $.clip(x, 0, Infinity)),
    ),
  ],
  floor: exactly([...unary($.floor, halves), ...unary($.floor)]),
  round: exactly([...unary($.round, halves), ...unary($.round)]),
  isNaN: [
    { name: "of all that is not a number", inputs: [oddities], build: $.isNaN },
    {
      name: "of what was not a number before",
      inputs: [tensor([-1, 0, 1, -Infinity])],
      build: (x) => $.isNaN($.mul($.log(x), 0)),
    },
    ...unary($.isNaN),
  ],
  logicalNot: [{ name: "of bool", inputs: [bools([9])], build: $.logicalNot }],
  cast: exactly([
    {
      name: "toward zero",
      inputs: [tensor([-2.5, -1.99, -0.5, 0.5, 1.99, 2.5])],
      build: (x) => $.cast(x, "int32"),
    },
    {
      name: "nonzero to bool",
      inputs: [tensor([-1, -0.25, -0, 0, 0.25])],
      build: (x) => $.cast(x, "bool"),
    },
    ...casts,
  ]),
  stopGradient: exactly(unary($.stopGradient)),

  add: [
    ...binary($.add),
    onInts($.add),
    { name: "beyond int32", inputs: beyondInt32, build: $.add },
  ],
  sub: [
    ...binary($.sub),
    onInts($.sub),
    { name: "beyond int32", inputs: beyondInt32, build: $.sub },
  ],
  mul: [
    ...binary($.mul),
    onInts($.mul),
    { name: "beyond int32", inputs: beyondInt32, build: $.mul },
  ],
  div: binary($.div, { from: 0.5, to: 3 }),
  pow: [
    ...binary($.pow, { from: 0.2, to: 3 }),
    ...[-2, -1, -0.5, 0, 0.5, 1, 2, 3, 0.7].map((e): Case => ({
      name: `to the ${e}`,
      inputs: [some([9], { from: 0.2, to: 4 })],
      build: (x) => $.pow(x, e),
    })),
    { name: "whole powers of negative numbers", inputs: [some([9])], build: (x) => $.pow(x, 3) },
  ],
  maximum: exactly(binary($.maximum)),
  minimum: exactly(binary($.minimum)),
  equal: [...comparison($.equal), ofBool($.equal)],
  less: comparison($.less),
  lessOrEqual: comparison($.lessOrEqual),
  logicalAnd: logical($.logicalAnd),
  logicalOr: logical($.logicalOr),
  select: [
    ...many<[string, Shape, Shape, Shape]>(
      [
        ["of equal shapes", [3, 4], [3, 4], [3, 4]],
        ["by row", [3, 1], [3, 4], [3, 4]],
        ["of all different shapes", [3, 1, 1], [4, 1], [5]],
        ["of scalars", [2, 3], [], []],
        ["by one scalar", [], [2, 3], [3]],
      ],
      (name, c, x, y) => ({
        name,
        inputs: [bools(c), some(x), some(y, { seed: 1 })],
        build: $.select,
      }),
    ),
    { name: "of int32", inputs: [bools([7]), ints([7]), ints([], { seed: 1 })], build: $.select },
    {
      name: "where the other side is infinite",
      inputs: [tensor([0, 1, 2])],
      build: (x) => $.select($.less(x, 1), 7, $.log(x)),
    },
  ],
};
