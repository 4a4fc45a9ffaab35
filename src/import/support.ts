/** What of a graph can be imported, found before anything is built: all that is missing at once, and where to cut. */
import type { GraphProto, NodeProto } from "../onnx/index.ts";
import { allNodes, isOwn, opTold, ordered, readsOf, titleOf } from "./graph.ts";
import { rules } from "./rules/index.ts";

/** Operator sets that rules know. */
export const OPSETS = { least: 7, most: 22 } as const;

/** Ops without a rule. */
export interface Lacking {
  /** As in the file; of another operator set with its domain, "com.microsoft.Gelu". */
  readonly op: string;
  readonly count: number;
  /** The first such node. */
  readonly first: NodeProto;
}

const opOf = (node: NodeProto): string =>
  (isOwn(node) ? (node.opType ?? "") : `${node.domain!}.${node.opType ?? ""}`).slice(0, 80);

/** Whether there is a rule for a node, graphs within it aside. */
export const isSupported = (node: NodeProto): boolean =>
  isOwn(node) && Object.hasOwn(rules, node.opType ?? "");

/** What has no rule among nodes, the most frequent first. */
export function lackingIn(nodes: readonly NodeProto[]): readonly Lacking[] {
  const lacking = new Map<string, NodeProto[]>();
  for (const node of nodes) {
    if (isSupported(node)) continue;
    const list = lacking.get(opOf(node)) ?? [];
    list.push(node);
    lacking.set(opOf(node), list);
  }
  return [...lacking]
    .map(([op, list]) => ({ op, count: list.length, first: list[0] }))
    .toSorted((a, b) => b.count - a.count);
}

/** Places named in a message. */
const MOST_NAMED = 5;

/** Throws where a node that `outputs` rest on has no rule. */
export function checkSupported(graph: GraphProto, outputs: readonly string[], where: string): void {
  const needed = ordered(graph, outputs, where);
  const lacking = lackingIn(allNodes({ ...graph, node: needed }, where));
  if (lacking.length === 0) return;
  const told = lacking
    .slice(0, 20)
    .map(
      ({ op, count, first }) =>
        `${opTold(op)} (${count} node${count === 1 ? "" : "s"}, ${titleOf(first)})`,
    );
  const cuts = cutsBefore(needed, graph, where);
  const advice =
    cuts.length === 0
      ? "nothing before them can be trained"
      : `cut the model before them, e.g. outputs: [${cuts.map((name) => JSON.stringify(name)).join(", ")}]`;
  throw new Error(
    `${where}: expected ops with rules, got ${lacking.length} without a rule: ${told.join(", ")}${lacking.length > told.length ? ", ..." : ""}; ${advice}`,
  );
}

/** Where to cut: outputs that rest on nothing without a rule, and the values that the first nodes without one read. */
export function cutsBefore(
  needed: readonly NodeProto[],
  graph: GraphProto,
  where: string,
): readonly string[] {
  const spoiled = new Set<string>();
  const cuts = new Set<string>();
  const made = new Set<string>();
  for (const node of needed) {
    const reads = readsOf(node);
    const isSpoiled = reads.some((name) => spoiled.has(name));
    const own = lackingIn(allNodes({ ...graph, node: [node] }, where)).length > 0;
    if (own && !isSpoiled) for (const name of reads) if (made.has(name)) cuts.add(name);
    for (const name of node.output) (own || isSpoiled ? spoiled : made).add(name);
  }
  const whole = graph.output.map((x) => x.name ?? "").filter((name) => made.has(name));
  return [...whole, ...cuts].slice(0, MOST_NAMED);
}
