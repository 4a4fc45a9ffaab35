/** Activation functions that learn. */
import { prelu as preluOp, reshape } from "../../graph/index.ts";
import type { Layer } from "../scope.ts";

/** Options of the layer `prelu`. */
export interface PreluOptions {
  readonly name?: string;
  /** One slope for every channel (axis 1) instead of one for all. */
  readonly perChannel?: boolean;
  /** The slope at first (default 0.25). */
  readonly slope?: number;
}
/** x where x > 0, slope x elsewhere, the slope learned (He et al. 2015); the parameter `slope` is [1] or [channels]. */
export const prelu =
  ({ name, perChannel = false, slope = 0.25 }: PreluOptions = {}): Layer =>
  (scope, x) => {
    if (perChannel && x.shape.length < 2)
      throw new Error(
        `prelu: expected x of shape [batch, channels, ...], got [${x.shape}]; leave perChannel out`,
      );
    const p = scope.child("prelu", name).parameter("slope", [perChannel ? x.shape[1] : 1], {
      init: { kind: "constant", value: slope },
    });
    return preluOp(
      x,
      reshape(
        p,
        x.shape.map((d, i) => (perChannel && i === 1 ? d : 1)),
      ),
    );
  };
