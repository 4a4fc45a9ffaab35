/** Rules that are a function of one operand or of two. */
import { reshape, type Node } from "../../graph/index.ts";
import type { Call, Rule } from "../call.ts";
import { axisOf } from "./axes.ts";

export const unary =
  (f: (x: Node) => Node): Rule =>
  (call) =>
    f(call.x(0));
/** Of two operands that are broadcast against each other. */
export const binary =
  (f: (a: Node, b: Node) => Node): Rule =>
  (call) =>
    f(...operands(call));

/** Two operands; before opset 7 the axes of the second begin at `axis` of the first where `broadcast` says so. */
export function operands(call: Call): [Node, Node] {
  const [a, b] = [call.x(0), call.x(1)];
  if (call.opset >= 7 || !call.has("axis") || call.int("broadcast", 0) === 0) return [a, b];
  const rank = a.shape.length;
  const after = rank - axisOf(call, call.int("axis"), rank) - b.shape.length;
  return [a, reshape(b, [...b.shape, ...new Array<number>(Math.max(0, after)).fill(1)])];
}
