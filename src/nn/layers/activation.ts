/** Activation functions that learn. */
import { needNode, optionsOf, prelu as preluOp, reshape } from "../../graph/index.ts";
import type { Layer } from "../scope.ts";

/** Options of the layer `prelu`. */
export interface PreluOptions {
  readonly name?: string;
  /** One slope for every channel (axis 1) instead of one for all. */
  readonly perChannel?: boolean;
  /** The slope at first (default 0.25). */
  readonly slope?: number;
}
const knownOfPrelu = optionsOf<PreluOptions>("prelu", {
  name: "optional",
  perChannel: "optional",
  slope: "optional",
});
/** x where x > 0, slope x elsewhere, the slope learned (He et al. 2015); the parameter `slope` is [1] or [channels]. */
export const prelu = (options: PreluOptions = {}): Layer => {
  const { name, perChannel = false, slope = 0.25 } = knownOfPrelu(options);
  return (scope, x) => {
    if (perChannel && needNode("prelu", x).shape.length < 2)
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
};
