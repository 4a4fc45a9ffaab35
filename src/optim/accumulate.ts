/** Batches larger than memory: gradients of several microbatches make one step. */
import { add, div, mul, optionsOf, zerosLike, type Node, type Parameter } from "../graph/index.ts";
import { each, slot, stateful, type Optimizer, type Rate } from "./optimizer.ts";

/** Two optimizers for two training steps that share one state. */
export interface Accumulating {
  /** Adds a microbatch's gradient to those collected; the model stays as it is. */
  readonly collect: Optimizer;
  /** Takes the step of the mean gradient over all that was collected and this microbatch, and begins anew. */
  readonly apply: Optimizer;
}

/** Options of {@link accumulating}. */
export interface AccumulatingOptions {
  /** How many a microbatch holds. */
  readonly examples: Rate;
}
const knownOfAccumulating = optionsOf<AccumulatingOptions>("accumulating", {
  examples: "required",
});
/**
 * One optimizer as two, `collect` for every microbatch of a batch but the last and `apply` for that one, each for a
 * `trainStep` of its own. The loss is a mean over `examples`, those of a microbatch, so microbatches may differ in size: make
 * `accumulating(optimizer, { examples })` of the same optimizer anew for each size; the state is shared by its names. The
 * step is that of the whole batch at once, unless layers use batch statistics, which remain those of a microbatch.
 */
export function accumulating(optimizer: Optimizer, options: AccumulatingOptions): Accumulating {
  const { examples } = knownOfAccumulating(options);
  if (typeof examples === "number" && !(examples > 0 && examples < Infinity))
    throw new Error(
      `accumulating: examples is how many a microbatch holds, got ${examples}; pass its size, a positive number`,
    );
  const count = stateful("accumulated.examples");
  const counted = add(count, examples);
  const sumOf = (p: Parameter): Parameter => slot(p, "accumulated", "gradient");
  const added = (p: Parameter, g: Node): Node => add(sumOf(p), mul(g, examples));
  const sums = each((p, g) => [{ parameter: sumOf(p), next: added(p, g) }]);
  const cleared = each((p) => [{ parameter: sumOf(p), next: zerosLike(p) }]);
  return {
    collect: (parameters, gradients) => [
      { parameter: count, next: counted },
      ...sums(parameters, gradients),
    ],
    apply: (parameters, gradients) => {
      const means = sums(parameters, gradients).map(({ next }) => div(next, counted));
      return [
        ...optimizer(parameters, means),
        ...cleared(parameters, gradients),
        { parameter: count, next: zerosLike(count) },
      ];
    },
  };
}
