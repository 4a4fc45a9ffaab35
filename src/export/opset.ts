/** Which operator set a graph needs, and which version of the format goes with one. */
import type { Graph, NodeDraft } from "../onnx/index.ts";

export const OPSETS = { least: 13, most: 22 } as const;

/** Operators, and uses of them, that came after the oldest set that we write. */
function needs({ opType, attribute = [] }: NodeDraft): number {
  const has = (name: string): boolean => attribute.some((a) => a.name === name);
  if (opType === "Reshape" && has("allowzero")) return 14;
  if (opType === "ScatterElements" && has("reduction")) return 16;
  return since.get(opType!) ?? OPSETS.least;
}
const since: ReadonlyMap<string, number> = new Map([
  ["HardSwish", 14],
  ["LayerNormalization", 17],
  ["BitwiseXor", 18],
  ["Gelu", 20],
]);

export function checkOpset({ nodes, opset }: Graph): void {
  if (!(Number.isInteger(opset) && opset >= OPSETS.least && opset <= OPSETS.most))
    throw new Error(
      `exportModel: opset is a whole number from ${OPSETS.least} to ${OPSETS.most}, got ${opset}; 17 is read by everything in use`,
    );
  const late = nodes.find((n) => needs(n) > opset);
  if (late)
    throw new Error(
      `exportModel: ${late.opType} "${late.name}" needs opset ${needs(late)}, got ${opset}; pass opset: ${Math.max(...nodes.map(needs))}, or leave it out`,
    );
}

/** The version of the format that came with an operator set. */
export const irVersionOf = (opset: number): number =>
  opset <= 14 ? 7 : opset <= 18 ? 8 : opset <= 20 ? 9 : 10;
