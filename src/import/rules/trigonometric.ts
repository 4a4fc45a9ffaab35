/** Trigonometric and hyperbolic functions and their inverses, exact to rounding near 0 too. */
import {
  add,
  clip,
  cos,
  div,
  exp,
  expm1,
  log,
  log1p,
  maximum,
  mul,
  neg,
  sin,
  sqrt,
  square,
  sub,
  type Node,
} from "../../graph/index.ts";
import type { Rules } from "../call.ts";
import { unary } from "./operands.ts";

/** f(x) where x > 0 and -f(-x) elsewhere, with the slope of f at 0. */
const odd =
  (f: (x: Node) => Node) =>
  (x: Node): Node =>
    sub(f(maximum(x, 0)), f(maximum(neg(x), 0)));

/** log(x + sqrt(x^2 + 1)) for x >= 0, where nothing cancels. */
const asinh = (x: Node): Node => log1p(add(x, mul(x, div(x, add(sqrt(add(square(x), 1)), 1)))));

/** The angle whose tangent is x: that of half of it, three times, then the series, whose terms fall by 25 each. */
function atan(x: Node): Node {
  const half = (t: Node): Node => div(t, add(sqrt(add(square(t), 1)), 1));
  const small = half(half(half(clip(x, -1e9, 1e9)))); // at most tan(pi / 16); a square of more could overflow
  const minus = neg(square(small));
  const series = Array.from({ length: 12 }, (_, i) => 1 / (2 * i + 1)).reduceRight<Node | number>(
    (sum, term) => add(mul(sum, minus), term),
    0,
  ) as Node;
  return mul(mul(small, series), 8);
}
const asin = (x: Node): Node => mul(atan(div(x, add(sqrt(oneMinusSquare(x)), 1))), 2);
/** 1 - x^2, without cancellation near 1. */
const oneMinusSquare = (x: Node): Node => mul(sub(1, x), add(x, 1));

export const trigonometric: Rules = {
  Sin: unary(sin),
  Cos: unary(cos),
  Tan: unary((x) => div(sin(x), cos(x))),
  Asin: unary(asin),
  Acos: unary((x) => sub(Math.PI / 2, asin(x))),
  Atan: unary(atan),
  Sinh: unary((x) => mul(sub(expm1(x), expm1(neg(x))), 0.5)),
  Cosh: unary((x) => mul(add(exp(x), exp(neg(x))), 0.5)),
  Asinh: unary(odd(asinh)),
  Acosh: unary((x) => log(add(x, sqrt(mul(sub(x, 1), add(x, 1)))))),
  Atanh: unary((x) => mul(sub(log1p(x), log1p(neg(x))), 0.5)),
};
