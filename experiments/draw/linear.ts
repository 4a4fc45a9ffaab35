/** A dense layer for every step of a recurrence: its weight is computed once, however often it is applied. */
import { ops, type Node, type Scope } from "../../src/index.ts";

export interface LinearOptions {
  readonly name: string;
  readonly inputs: number;
  readonly units: number;
}

/** `y = x w^T + b`, `[batch, inputs] -> [batch, units]`, its parameters those of `dense`. */
export function linear(scope: Scope, { name, inputs, units }: LinearOptions): (x: Node) => Node {
  const inner = scope.child("dense", name);
  const { weights, preactivation } = inner.norm.layer(
    inner,
    { w: { shape: [units, inputs], g: [units, 1] } },
    { units, initScale: 1 },
  );
  const w = ops.transpose(weights.w);
  return (x) => preactivation(ops.matmul(x, w));
}
