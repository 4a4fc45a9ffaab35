/** Losses of classes: how surprised a model is by labels. Classes are the last axis, as everywhere here. In nats. */
import {
  add,
  constant,
  div,
  equal,
  expandDims,
  logSoftmax,
  mul,
  neg,
  oneHot,
  optionsOf,
  select,
  sizeOf,
  sum,
  within,
  type Node,
} from "../graph/index.ts";
import { sameShape } from "./loss.ts";

/** As in PyTorch's `cross_entropy`, also where several are combined. */
export interface CrossEntropyOptions {
  /** The share of every target that is spread evenly over all classes, from 0 to 1 (default 0). */
  readonly labelSmoothing?: number;
  /** What every class counts for, [classes] (default 1). The mean over labels divides by the sum of the labels' weights. */
  readonly classWeights?: Node | readonly number[];
  /** A label, of a class or not, whose examples do not count; a mean over none that count is NaN. */
  readonly ignoreIndex?: number;
  /** `none`: the loss of every label, [...] (default mean). */
  readonly reduction?: "mean" | "sum" | "none";
}

/**
 * logits [..., classes]; labels int32 [...], or distributions [..., classes]: -log softmax(logits) at the label, the mean
 * over all labels. A label that is neither 0 ... classes - 1 nor `ignoreIndex` is an error when a program runs.
 */
export const softmaxCrossEntropy = (
  logits: Node,
  labels: Node,
  options: CrossEntropyOptions = {},
): Node => crossEntropy("softmaxCrossEntropy", logSoftmax(logits), labels, options);

/** `softmaxCrossEntropy` of finite log probabilities [..., classes], such as those of `logSoftmax`, in place of logits. */
export const negativeLogLikelihood = (
  logProbabilities: Node,
  labels: Node,
  options: CrossEntropyOptions = {},
): Node => crossEntropy("negativeLogLikelihood", logProbabilities, labels, options);

const known = (loss: string): ((options: CrossEntropyOptions) => CrossEntropyOptions) =>
  optionsOf<CrossEntropyOptions>(loss, {
    labelSmoothing: "optional",
    classWeights: "optional",
    ignoreIndex: "optional",
    reduction: "optional",
  });

function crossEntropy(
  loss: string,
  logProbabilities: Node,
  given: Node,
  options: CrossEntropyOptions,
): Node {
  const { labelSmoothing = 0, ignoreIndex, reduction = "mean" } = known(loss)(options);
  const classes = logProbabilities.shape.at(-1) ?? 1;
  const areLabels = given.dtype === "int32";
  const range = { least: 0, most: classes - 1, what: `the labels of ${loss}` };
  const ignored = ignoreIndex === undefined ? {} : { or: ignoreIndex };
  const labels = areLabels ? within(given, { ...range, ...ignored }) : given;
  const target = areLabels ? oneHot(labels, classes) : labels;
  sameShape(loss, logProbabilities, target);
  const weigh = weighing(loss, { ...options, labels, classes });
  const smooth = labelSmoothing === 0 ? target : smoothed(loss, target, labelSmoothing);
  const terms = mul(weigh ? weigh(smooth) : smooth, logProbabilities);

  if (reduction === "none") return neg(sum(terms, { axes: -1 }));
  const total = sum(terms);
  if (reduction === "sum") return neg(total);
  const count = sizeOf(target.shape.slice(0, -1));
  return neg(areLabels && weigh ? div(total, sum(weigh(target))) : mul(total, 1 / count));
}

/** (1 - share) target + share / classes */
function smoothed(loss: string, target: Node, share: number): Node {
  if (!(share >= 0 && share <= 1))
    throw new Error(`${loss}: labelSmoothing is a share from 0 to 1, got ${share}; use e.g. 0.1`);
  return add(mul(target, 1 - share), share / target.shape.at(-1)!);
}

/** Makes targets [..., classes] what they count for; undefined where all count for 1. */
function weighing(
  loss: string,
  {
    labels,
    classes,
    classWeights,
    ignoreIndex,
  }: CrossEntropyOptions & { readonly labels: Node; readonly classes: number },
): ((target: Node) => Node) | undefined {
  const factors: Node[] = [];
  if (ignoreIndex !== undefined) {
    if (labels.dtype !== "int32")
      throw new Error(
        `${loss}: ignoreIndex is one of int32 labels, got distributions [${labels.shape}]; let rows of zeros stand for what does not count`,
      );
    if (!Number.isInteger(ignoreIndex))
      throw new Error(
        `${loss}: ignoreIndex is one of int32 labels, got ${ignoreIndex}; give a whole number`,
      );
    factors.push(expandDims(select(equal(labels, ignoreIndex), 0, 1), -1));
  }
  if (classWeights !== undefined) {
    const weights = "op" in classWeights ? classWeights : constant(classWeights);
    if (`${weights.shape}` !== `${classes}`)
      throw new Error(
        `${loss}: classWeights has shape [${weights.shape}], expected [${classes}]; give every class its weight`,
      );
    factors.push(weights);
  }
  return factors.length === 0 ? undefined : (target) => factors.reduce(mul, target);
}
