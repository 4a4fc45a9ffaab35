/** Recurrent cells. The weights of a cell are computed once; every call of `step` is one step of the recurrence. */
import {
  add,
  concat,
  expandDims,
  matmul,
  mul,
  reshape,
  sigmoid,
  slice,
  sub,
  tanh,
  transpose,
  zeros,
  type Node,
} from "../graph/index.ts";
import type { LayerOptions } from "./layers.ts";
import type { Scope } from "./scope.ts";

/** [batch, units] each. */
export interface LstmState {
  readonly h: Node;
  readonly c: Node;
}
export interface Cell<State> {
  /** Zeros for a batch. */
  initial(batch: number): State;
  /**
   * x [batch, in] and the state before -> the state after. x may be given in parts that lie side by side: a part that is one
   * node at every step is multiplied by its share of the weight once for all steps.
   */
  step(x: Node | readonly Node[], state: State): State;
}
export interface CellOptions extends LayerOptions {
  /** Width of x. */
  readonly inputs: number;
  readonly units: number;
}

/** x wih^T + h whh^T, finished: the pre-activations of `rows` gates, with one scale for every row of both matrices. */
function gates(
  scope: Scope,
  { inputs, units, norm, initScale = 1 }: CellOptions,
  rows: number,
): (x: Node | readonly Node[], h: Node) => Node {
  const specs = {
    wih: { shape: [rows, inputs], g: [rows, 1] },
    whh: { shape: [rows, units], g: [rows, 1] },
  };
  const layer = (norm ?? scope.norm).layer(scope, specs, { units: rows, initScale });
  const [wih, whh] = [transpose(layer.weights.wih), transpose(layer.weights.whh)];
  const multiplied = byParts(wih);
  return (x, h) =>
    layer.preactivation(
      [
        ...multiplied(Array.isArray(x) ? (x as readonly Node[]) : [x as Node]),
        matmul(h, whh),
      ].reduce((a, b) => add(a, b)),
    );
}

/** The products of x's parts with the rows of w that are theirs; a part that was there before is not multiplied again. */
function byParts(w: Node): (parts: readonly Node[]) => readonly Node[] {
  const places = new Map<string, { readonly rows: Node; readonly products: Map<Node, Node> }>();
  return (parts) => {
    const columns = parts.reduce((sum, part) => sum + part.shape[1], 0);
    if (columns !== w.shape[0])
      throw new Error(
        `recurrent cell: x must have ${w.shape[0]} columns in all, got ${columns}; make it as wide as \`inputs\` says`,
      );
    let end = 0;
    return parts.map((part) => {
      const start = end;
      end += part.shape[1];
      const at = `${start}:${end}`;
      const place = places.get(at) ?? {
        rows: slice(w, { axis: 0, start, end }),
        products: new Map<Node, Node>(),
      };
      places.set(at, place);
      const product = place.products.get(part) ?? matmul(part, place.rows);
      place.products.set(part, product);
      return product;
    });
  };
}
const part = (t: Node, units: number, i: number): Node =>
  slice(t, { axis: 1, start: i * units, end: (i + 1) * units });

/**
 * Long short-term memory, gates in the order i, f, g, o: c' = f c + i g, h' = o tanh(c'). Data-dependent initialization
 * uses the pre-activations of the first step.
 */
export function lstm(scope: Scope, options: CellOptions): Cell<LstmState> {
  const { units, name } = options;
  const preactivation = gates(scope.child("lstm", name), options, 4 * units);
  return {
    initial: (batch) => ({ h: zeros([batch, units]), c: zeros([batch, units]) }),
    step(x, { h, c }) {
      const t = preactivation(x, h);
      const [i, f, o] = [0, 1, 3].map((k) => sigmoid(part(t, units, k)));
      const next = add(mul(f, c), mul(i, tanh(part(t, units, 2))));
      return { h: mul(o, tanh(next)), c: next };
    },
  };
}

/** Gated recurrent unit (Cho et al. 2014): h' = z h + (1 - z) tanh(w x + u (r h) + b). */
export function gru(scope: Scope, options: CellOptions): Cell<Node> {
  const { units, name } = options;
  const inner = scope.child("gru", name);
  const gate = gates(inner.child("gates", "gates"), options, 2 * units);
  const candidate = gates(inner.child("candidate", "candidate"), options, units);
  return {
    initial: (batch) => zeros([batch, units]),
    step(x, h) {
      const t = gate(x, h);
      const [r, z] = [0, 1].map((k) => sigmoid(part(t, units, k)));
      const n = tanh(candidate(x, mul(r, h)));
      return add(mul(z, h), mul(sub(1, z), n));
    },
  };
}

/** Runs a cell over x [batch, time, in], one step after the other; the outputs' h as [batch, time, units]. */
export function unroll<State>(cell: Cell<State>, x: Node, output: (state: State) => Node): Node {
  const [batch, time, width] = x.shape as [number, number, number];
  let state = cell.initial(batch);
  const outputs: Node[] = [];
  for (let i = 0; i < time; i++) {
    const xi = slice(x, { axis: 1, start: i, end: i + 1 });
    state = cell.step(reshape(xi, [batch, width]), state);
    outputs.push(expandDims(output(state), 1));
  }
  return concat(outputs, 1);
}
