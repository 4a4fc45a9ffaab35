/** Losses over classes, as training graphs have them. */
import {
  arange,
  div,
  equal,
  logSoftmax,
  logicalAnd,
  logicalNot,
  mean,
  mul,
  neg,
  reshape,
  select,
  sum,
  type Node,
} from "../../graph/index.ts";
import type { Call, Made, Rules } from "../call.ts";

/** Of log probabilities [batch, classes, ...] and classes [batch, ...]; what is to be ignored has no share in it. */
function negativeLogLikelihood(call: Call, x: Node): Node {
  const target = call.x(1);
  const [n, classes, ...places] = x.shape;
  const ones = places.map(() => 1);
  const label = reshape(target, [n, 1, ...places]);
  const found = equal(label, reshape(arange(classes), [1, classes, ...ones]));
  const hit = call.has("ignore_index")
    ? logicalAnd(found, logicalNot(equal(label, call.int("ignore_index"))))
    : found;
  const weights = call.optional(2);
  const share = weights ? reshape(weights, [1, classes, ...ones]) : 1;
  // Of the other classes nothing is read, so that their -Infinity does no harm.
  const picked = (y: Node | number): Node => sum(select(hit, y, 0), { axes: 1 });
  const loss = neg(picked(mul(x, share)));
  const reduction = call.string("reduction", "mean");
  if (reduction === "none") return loss;
  if (reduction === "sum") return sum(loss);
  if (reduction !== "mean")
    throw call.fail(
      `expected reduction "none", "sum" or "mean", got "${reduction}"; the file is damaged`,
    );
  const even = !weights && !call.has("ignore_index");
  return even ? mean(loss) : div(sum(loss), sum(picked(share)));
}

function crossEntropy(call: Call): Made {
  const logProbabilities = logSoftmax(call.x(0), 1);
  const loss = negativeLogLikelihood(call, logProbabilities);
  return call.outputs.length > 1 ? [loss, logProbabilities] : loss;
}

export const loss: Rules = {
  NegativeLogLikelihoodLoss: (call) => negativeLogLikelihood(call, call.x(0)),
  SoftmaxCrossEntropyLoss: crossEntropy,
};
