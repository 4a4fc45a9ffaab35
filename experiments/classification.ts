/** What every classifier is trained on and counted by. */
import { ops, softmaxCrossEntropy, type Node, type Outputs } from "../../src/index.ts";

const { argmax, cast, equal, sub } = ops;

/** From logits [batch, classes]: the loss, and for every example whether the most likely class is wrong (1) or right (0). */
export const classification = (logits: Node, labels: Node): Outputs => ({
  loss: softmaxCrossEntropy(logits, labels),
  wrong: sub(1, cast(equal(argmax(logits), labels), "float")),
});
