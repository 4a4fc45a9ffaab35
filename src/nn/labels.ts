/** Labels name classes; this is the one place that says what becomes of those that name none. */
import { equal, greaterOrEqual, less, select, type Node } from "../graph/index.ts";

/** The labels there are: 0 to classes - 1, and one more where examples may be left out. */
export interface LabelRange {
  readonly classes: number;
  readonly ignoreIndex?: number | undefined;
}

/**
 * labels int32 [...] -> [...]: 0 for a label there is, NaN for any other. A loss that this is subtracted from keeps its
 * bits and its gradient, and is NaN where a label is wrong, whose one-hot row of zeros would else cost nothing.
 */
export function labelsWithin(labels: Node, { classes, ignoreIndex }: LabelRange): Node {
  const named = select(less(labels, classes), select(greaterOrEqual(labels, 0), 0, NaN), NaN);
  return ignoreIndex === undefined ? named : select(equal(labels, ignoreIndex), 0, named);
}
