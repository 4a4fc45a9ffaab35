/** Questions that are answered by yes or no, and what is made of the answers. */
import {
  cast,
  equal,
  greater,
  greaterOrEqual,
  isNaN,
  less,
  lessOrEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  select,
  type Node,
} from "../../graph/index.ts";
import type { Rule, Rules } from "../call.ts";
import { binary } from "./operands.ts";

/** `select`, of bools too. */
function chosen(condition: Node, x: Node, y: Node): Node {
  if (x.dtype !== "bool") return select(condition, x, y);
  return cast(select(condition, cast(x, "int32"), cast(y, "int32")), "bool");
}

const isInfinite: Rule = (call) => {
  const x = call.x(0);
  const up = call.int("detect_positive", 1) !== 0;
  const down = call.int("detect_negative", 1) !== 0;
  if (up && down) return logicalOr(equal(x, Infinity), equal(x, -Infinity));
  if (up) return equal(x, Infinity);
  return down ? equal(x, -Infinity) : less(x, -Infinity); // nothing is less
};

export const comparison: Rules = {
  Equal: binary(equal),
  Less: binary(less),
  LessOrEqual: binary(lessOrEqual),
  Greater: binary(greater),
  GreaterOrEqual: binary(greaterOrEqual),
  And: binary(logicalAnd),
  Or: binary(logicalOr),
  Xor: binary((a, b) => logicalNot(equal(a, b))),
  Not: (call) => logicalNot(call.x(0)),
  Where: (call) => chosen(call.x(0), call.x(1), call.x(2)),
  IsNaN: (call) => isNaN(call.x(0)),
  IsInf: isInfinite,
};
