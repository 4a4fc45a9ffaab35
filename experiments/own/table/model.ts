/** A small multilayer perceptron: two hidden layers, and what it is judged by. */
import {
  apply,
  dense,
  meanSquaredError,
  ops,
  sequential,
  type Input,
  type Layer,
  type Network,
  type Node,
} from "../../../src/index.ts";
import { classification } from "../../classification.ts";
import type { Target } from "./found.ts";

const { abs, mul, relu, sub } = ops;

/** `[batch, inputs] -> [batch, outputs]`: logits of classes, or one standardized number. */
export const perceptron = (width: number, outputs: number): Layer =>
  sequential(dense(width), apply(relu), dense(width), apply(relu), dense(outputs));

export const outputsOf = (target: Target): number =>
  target.kind === "classification" ? target.classes.length : 1;

/** The loss and the measure on rows `x`; `y` are int32 labels [batch], or standardized numbers [batch, 1]. */
export const judged =
  (target: Target, layer: Layer, [x, y]: readonly Input[]): Network =>
  (scope) => {
    const answer = layer(scope, x);
    if (target.kind === "classification") return classification(answer, y);
    const away = abs(sub(answer, y));
    return {
      loss: meanSquaredError(answer, y),
      "absolute error": mul(ops.reshape(away, [x.shape[0]]), target.deviation), // in the column's own unit
    };
  };

/** What a trained network says of rows `x`: probabilities of classes, or numbers. */
export const answering =
  (target: Target, layer: Layer, x: Node): Network =>
  (scope) => {
    const answer = layer(scope, x);
    return target.kind === "classification"
      ? { answer: ops.softmax(answer), loss: ops.mean(answer) }
      : { answer, loss: ops.mean(answer) };
  };
