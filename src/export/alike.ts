/** Whether graphs are one graph but for the numbers in their constants and the shapes of their values. */
import type { Graph, NodeDraft, TensorDraft } from "../onnx/index.ts";

/** The first thing in which they differ, in words; undefined where they do not. */
export function differences(graphs: readonly Graph[]): string | undefined {
  const [first, ...others] = graphs;
  for (const g of others) {
    const names = [first, g].map((x) => x.inputs.map(({ name }) => name).join(", "));
    if (names[0] !== names[1]) return `inputs ${names.join(" and ")}`;
    const found = inNodes(first.nodes, g.nodes) ?? inConstants(first.initializers, g.initializers);
    if (found) return found;
  }
  return undefined;
}

type Nodes = readonly NodeDraft[];
function inNodes(a: Nodes, b: Nodes): string | undefined {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a.at(i), b.at(i)];
    if (!x || !y || headOf(x) !== headOf(y))
      return `${[x, y].map((n) => (n ? `${n.opType} "${n.name}"` : "nothing")).join(" and ")} where the other has it`;
    for (const [k, { g }] of (x.attribute ?? []).entries()) {
      const other = y.attribute![k].g;
      const found = g && inNodes((g.node ?? []) as Nodes, (other?.node ?? []) as Nodes);
      if (found) return found;
    }
  }
  return undefined;
}
const headOf = ({ opType, domain, input, output, attribute = [] }: NodeDraft): string =>
  JSON.stringify([opType, domain, input, output, attribute.map(({ g: _, ...rest }) => rest)]);

function inConstants(a: readonly TensorDraft[], b: readonly TensorDraft[]): string | undefined {
  const at = a.findIndex((x, i) => x.name !== b[i]?.name || x.dataType !== b[i]?.dataType);
  if (at < 0 && a.length === b.length) return undefined;
  return `${a.length} and ${b.length} constants`;
}
