/** Which ops of a program a device has no kernel for: found by asking for each alone. */
import { input, node, topological, type Node } from "../graph/index.ts";
import { simplify, toModel, type Target } from "../onnx/index.ts";

/** Where the ops of the programs of a runtime are computed. */
export interface Placement {
  /** The nodes of all their models. */
  readonly nodes: number;
  /** What went back to the processor, with a copy there and back: "argmax of float [100, 10]". */
  readonly onCpu: readonly string[];
}

/** The same as a line. */
export const placementInWords = ({ nodes, onCpu }: Placement): string =>
  onCpu.length === 0
    ? `all ${nodes} nodes on the device`
    : `of ${nodes} nodes on the CPU, with a copy there and back: ${onCpu.join(", ")}`;

/** The ops of a graph whose models `isRefused`, in words, each kind once. */
export async function refusedOps(
  roots: readonly Node[],
  target: Target,
  isRefused: (model: Uint8Array) => Promise<boolean>,
): Promise<readonly string[]> {
  const asked = new Set<string>();
  const found: string[] = [];
  for (const n of topological(simplify(roots))) {
    if (n.op === "input" || n.op === "parameter" || n.op === "constant") continue;
    const words = `${n.op} of ${n.inputs.map(({ dtype, shape }) => `${dtype} [${shape.join(", ")}]`).join(" and ")}`;
    const kind = `${words} ${JSON.stringify(n.attrs)}`;
    if (asked.has(kind)) continue;
    asked.add(kind);
    const alone = n.inputs.map((x, i) =>
      x.op === "constant" ? x : input(`x${i}`, x.shape, x.dtype),
    );
    const y = node(n.op, alone as never, n.attrs as never);
    if (await isRefused(toModel({ y }, target).bytes)) found.push(words);
  }
  return found;
}
