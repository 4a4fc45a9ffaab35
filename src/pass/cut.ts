/**
 * Where a step is cut: behind the gradients. What follows them element by element, and row by row, is the pass; what rests on
 * parameters alone is computed when they change, and not at every use; the rest stays in the graph.
 */
import {
  input,
  parametersOf,
  sizeOf,
  topological,
  type Input,
  type Node,
  type Update,
} from "../graph/index.ts";
import { keyOf, substitute } from "../onnx/index.ts";
import { lanes } from "./lanes.ts";
import { isElementwise, reducesRows } from "./shapes.ts";

/** A value of parameters alone. */
export interface Hoisted {
  /** The same for the same expression of the same parameters. */
  readonly key: string;
  readonly node: Node;
  /** By what the graph takes it. */
  readonly input: Input;
  /** The names of the parameters that it rests on. */
  readonly of: readonly string[];
  /** What it becomes, said in what the parameters become; undefined where the program changes none of them. */
  readonly next: Node | undefined;
}
export interface Cut {
  /** What the graph computes in place of the roots that it was asked for. */
  readonly roots: readonly Node[];
  /** Updates that the graph computes. */
  readonly stay: readonly Update[];
  /** Values of the graph that it hands over to the pass, as the pass knows them, and as the graph computes them. */
  readonly handed: readonly { readonly node: Node; readonly from: Node }[];
  readonly hoisted: readonly Hoisted[];
  /** The updates of the pass. */
  readonly updates: readonly Update[];
}
export interface CutOptions {
  readonly roots: readonly Node[];
  readonly updates: readonly Update[];
  /** Whether the pass can sum rows as the graph does. */
  readonly sums: boolean;
  /** What is left to the graph in any case. */
  readonly not: ReadonlySet<Node>;
}

const isReduction = ({ op }: Node): boolean => op === "sum" || op === "norm";
const moves = ["reshape", "transpose", "broadcastTo", "concat", "slice", "pad"];
const isMove = ({ op }: Node): boolean => moves.includes(op);
/** What is there before the graph runs: parameters, and single numbers. */
export const isGiven = (n: Node): boolean =>
  n.dtype === "float" &&
  (n.op === "parameter" || ((n.op === "constant" || n.op === "input") && sizeOf(n.shape) === 1));

/** Whether loops over rows can compute `n` from its inputs. */
function isDoable(n: Node, sums: boolean): boolean {
  if (n.op === "sum" || n.op === "norm") return sums && n.dtype === "float" && reducesRows(n);
  const known = ["reshape", "broadcastTo", "scaled"].includes(n.op) || lanes[n.op] !== null;
  const types = [n, ...n.inputs].map(({ dtype }) => dtype);
  const typed =
    n.op === "cast"
      ? `${types}` === "float,bool"
      : types.every((t) => t === "float" || t === "bool");
  return known && typed && sizeOf(n.shape) > 0 && isElementwise(n);
}

/** Cuts a step whose graph has been simplified. */
export function cutOf({ roots, updates, sums, not }: CutOptions): Cut {
  const order = topological([...roots, ...updates.map((u) => u.next)]);
  const rests = restsOf(order);
  const banned = new Set(not);
  let inside = insideOf(order, { roots, updates, sums, banned, rests });
  for (let worse = betterOutside(order, inside, rests); worse.length > 0;) {
    for (const n of worse) banned.add(n);
    inside = insideOf(order, { roots, updates, sums, banned, rests });
    worse = betterOutside(order, inside, rests);
  }

  const isMine = ({ next }: Update): boolean => inside.has(next) || isGiven(next);
  const mine = updates.filter((u) => u.parameter.dtype === "float" && isMine(u));
  const stay = updates.filter((u) => !mine.includes(u));
  const used = usedBy(mine, inside);
  const handed = order.filter((n) => used.has(n) && !inside.has(n) && !isGiven(n));
  const asked = [...roots, ...stay.map((u) => u.next), ...handed];
  const prefix = unusedPrefix(order);
  const needed = hoistable(asked, rests);
  const kept = order.filter((n) => inside.has(n) && isReduction(n) && rests.get(n) === "pure");
  const hoisted = [...new Set([...needed, ...kept])].flatMap(hoist);
  const taken = new Map<Node, Node>(
    hoisted.filter((h) => needed.includes(h.node)).map((h) => [h.node, h.input]),
  );
  const out = substitute(asked, taken);
  const [stays, hands] = [roots.length, roots.length + stay.length];
  return {
    roots: out.slice(0, stays),
    stay: stay.map(({ parameter }, i) => ({ parameter, next: out[stays + i] })),
    handed: handed.map((node, i) => ({ node, from: out[hands + i] })),
    hoisted,
    updates: mine,
  };

  /** Nothing, where the graph must compute it anew at every step. */
  function hoist(node: Node, i: number): Hoisted | [] {
    const parameters = parametersOf([node]);
    const changes = updates.filter((u) => parameters.includes(u.parameter));
    const below = topological([node]);
    if (!below.every(isNameable)) return [];
    const isSaid = below.every((n) => isGiven(n) || (isDoable(n, sums) && !not.has(n)));
    if (changes.length > 0 && !(isSaid && changes.every((u) => mine.includes(u)))) return [];
    return {
      key: keyFor(below),
      node,
      input: input(`${prefix}${i}`, node.shape, node.dtype),
      of: parameters.map(({ attrs }) => attrs.name),
      next:
        changes.length > 0
          ? substitute([node], new Map(changes.map((u) => [u.parameter, u.next])))[0]
          : undefined,
    };
  }
}

/** What a node rests on: data, the numbers and parameters of a run, or parameters alone; constants alone are "pure" of none. */
type Rest = "data" | "numbers" | "pure" | "constant";
const ranks: readonly Rest[] = ["constant", "pure", "numbers", "data"];
function restsOf(order: readonly Node[]): ReadonlyMap<Node, Rest> {
  const rests = new Map<Node, Rest>();
  for (const n of order) {
    const own = (): Rest => {
      if (n.op === "input") return isGiven(n) ? "numbers" : "data";
      return n.op === "parameter" ? "pure" : "constant";
    };
    const below = n.inputs.map((x) => ranks.indexOf(rests.get(x)!));
    rests.set(n, ranks[Math.max(ranks.indexOf(own()), ...below)]);
  }
  return rests;
}

interface InsideOptions extends Omit<CutOptions, "not"> {
  readonly banned: ReadonlySet<Node>;
  readonly rests: ReadonlyMap<Node, Rest>;
}
/** What only the updates need, of what the pass can do; what rests on no data is no loss where the graph computes it too. */
function insideOf(
  order: readonly Node[],
  { roots, updates, sums, banned, rests }: InsideOptions,
): ReadonlySet<Node> {
  const inside = new Set<Node>();
  const wanted = new Set(updates.map((u) => u.next));
  const outside = new Set(roots);
  for (const n of order.toReversed()) {
    const free = rests.get(n) !== "data" || !outside.has(n);
    const isIn = wanted.has(n) && free && !banned.has(n) && !isGiven(n) && isDoable(n, sums);
    if (isIn) inside.add(n);
    for (const x of n.inputs) (isIn ? wanted : outside).add(x);
  }
  return inside;
}

/** What of the inside costs more than it saves there. */
function betterOutside(
  order: readonly Node[],
  inside: ReadonlySet<Node>,
  rests: ReadonlyMap<Node, Rest>,
): readonly Node[] {
  const isHanded = (x: Node): boolean => !inside.has(x) && !isGiven(x);
  const uses = new Map<Node, Set<Node>>();
  for (const n of inside)
    for (const x of n.inputs) if (isHanded(x)) uses.set(x, (uses.get(x) ?? new Set()).add(n));
  return order.filter((n) => {
    if (!inside.has(n)) return false;
    const handed = [...new Set(n.inputs.filter(isHanded))];
    const ownOnly = handed.filter((x) => uses.get(x)!.size === 1);
    const isMask = handed.some((x) => x.dtype === "bool");
    const isSum = isReduction(n) && handed.length > 0; // its row would be handed over, not its sum
    return isMask || isSum || (rests.get(n) === "data" && ownOnly.length > 1);
  });
}

/** What the updates of the pass take from elsewhere, and use inside. */
function usedBy(updates: readonly Update[], inside: ReadonlySet<Node>): ReadonlySet<Node> {
  const starts = updates.map((u) => u.next);
  return new Set(topological(starts, (n) => (inside.has(n) ? n.inputs : [])));
}

/** The last arithmetic on parameters alone before data come in. */
function hoistable(asked: readonly Node[], rests: ReadonlyMap<Node, Rest>): readonly Node[] {
  const isPure = (n: Node): boolean => rests.get(n) === "pure";
  const isArithmetic = (n: Node): boolean =>
    isPure(n) && n.dtype === "float" && n.inputs.length > 0 && !isMove(n);
  const starts = asked.filter((n) => !isPure(n));
  return topological(starts, (n) => (isArithmetic(n) ? [] : n.inputs)).filter(isArithmetic);
}
/** What no input's name begins with. */
function unusedPrefix(order: readonly Node[]): string {
  const names = order.flatMap((n) => (n.op === "input" ? [n.attrs.name] : []));
  let prefix = "hoisted:";
  while (names.some((name) => name.startsWith(prefix))) prefix = `a ${prefix}`;
  return prefix;
}
/** Large constants have no name of their own in a key. */
const isNameable = (n: Node): boolean => n.op !== "constant" || n.attrs.data.length <= 64;

function keyFor(below: readonly Node[]): string {
  const ids = new Map(below.map((n, i) => [n, i]));
  return below.map((n) => keyOf(n, (x) => ids.get(x)!)).join("\n");
}
