/** Which nodes of a graph become one operator of ONNX: patterns by the op of their last node, the first that fits is taken. */
import { topological, type Node, type OpName } from "../graph/index.ts";
import { countUses, type Fused } from "../onnx/index.ts";
import { affine } from "./affine.ts";
import { isTransposed, type Constants } from "./constants.ts";
import { layerNorm } from "./layer-norm.ts";
import type { Matching, Pattern } from "./match.ts";
import {
  averagePool,
  gelu,
  hardSigmoid,
  hardSwish,
  logSoftmax,
  mean,
  prelu,
  softmax,
} from "./patterns.ts";

const patterns: { readonly [K in OpName]?: readonly Pattern[] } = {
  add: [layerNorm, affine],
  sub: [logSoftmax, affine],
  mul: [mean, hardSwish, hardSigmoid, gelu, layerNorm, affine],
  div: [mean, hardSwish, hardSigmoid, softmax, layerNorm, affine],
  exp: [softmax],
  clip: [hardSigmoid],
  select: [prelu],
  reshape: [averagePool],
  conv2d: [affine],
  convTranspose2d: [affine],
  matmul: [affine],
};

/** Every node that `roots` rest on and that is computed in another way. */
export function fuse(
  roots: readonly Node[],
  { constants, opset }: { readonly constants: Constants; readonly opset: number },
): ReadonlyMap<Node, Fused> {
  const uses = countUses(topological(roots), roots);
  const m: Matching = { opset, constants, uses: (n) => uses.get(n) ?? 0 };
  const found = new Map<Node, Fused | null>();
  const fusedAt = (n: Node): Fused | null => {
    const known = found.get(n);
    if (known !== undefined) return known;
    const made = match(n, m);
    found.set(n, made);
    return made;
  };
  // From the outputs on, so that what a pattern takes in is asked for nothing of its own.
  topological(roots, (n) => fusedAt(n)?.inputs ?? n.inputs);
  return new Map([...found].flatMap(([n, fused]) => (fused ? [[n, fused] as const] : [])));
}

function match(n: Node, m: Matching): Fused | null {
  // What no product took as it is stored.
  if (isTransposed(n)) return { inputs: [m.constants.resolve(n)], lower: ([name]) => name };
  for (const pattern of patterns[n.op] ?? []) {
    const fused = pattern(n, m);
    if (fused) return fused;
  }
  return null;
}
