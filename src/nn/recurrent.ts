/** Recurrent cells. The weights of a cell are computed once; every call of `step` is one step of the recurrence. */
import {
  add,
  broadcastTo,
  concat,
  expandDims,
  matmul,
  mul,
  optionsOf,
  reshape,
  sigmoid,
  slice,
  sub,
  tanh,
  transpose,
  zeros,
  type Node,
  type OptionNames,
} from "../graph/index.ts";
import { wholeUnits } from "./checks.ts";
import { layerNames, normalized, type LayerOptions } from "./layers/weighted.ts";
import type { Scope } from "./scope.ts";

/** [batch, units] each. */
export interface LstmState {
  readonly h: Node;
  readonly c: Node;
}
/** One step of a recurrence, from state to state. */
export interface Cell<State> {
  /** What a batch begins with: zeros, unless the cell learns it. */
  initial(batch: number): State;
  /**
   * x [batch, in] and the state before -> the state after. x may be given in parts that lie side by side: a part that is one
   * node at every step is multiplied by its share of the weight once for all steps.
   */
  step(x: Node | readonly Node[], state: State): State;
}
/** What any cell takes. */
export interface CellOptions extends LayerOptions {
  /** Width of x. */
  readonly inputs: number;
  readonly units: number;
}

/**
 * x wih^T + h whh^T, finished: the pre-activations of `rows` gates, with one scale for every row of both matrices;
 * `recurrent` is what is done to h whh^T before.
 */
function gates(
  scope: Scope,
  options: CellOptions,
  rows: number,
): (x: Node | readonly Node[], h: Node, recurrent?: (t: Node) => Node) => Node {
  const { inputs, units } = options;
  const specs = {
    wih: { shape: [rows, inputs], g: [rows, 1] },
    whh: { shape: [rows, units], g: [rows, 1] },
  };
  const layer = normalized(scope, options, specs, rows);
  const [wih, whh] = [transpose(layer.weights.wih), transpose(layer.weights.whh)];
  const multiplied = byParts(wih);
  return (x, h, recurrent = (t) => t) =>
    layer.preactivation(
      [
        ...multiplied(Array.isArray(x) ? (x as readonly Node[]) : [x as Node]),
        recurrent(matmul(h, whh)),
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

const cellNames: OptionNames<CellOptions> = {
  ...layerNames,
  inputs: "required",
  units: "required",
};
/** Options of {@link lstm}. */
export interface LstmOptions extends CellOptions {
  /**
   * Whether gates see the cell too, every unit its own (Gers & Schmidhuber 2000): i and f as it was, o as it becomes (default
   * false). The weights `p` [3, units], of i, f and o, start at 0; none is normalized, since each unit has one.
   */
  readonly peepholes?: boolean;
  /** Whether the first state is learned: `h0` and `c0` [units], 0 at first (default false: it stays 0). */
  readonly learnsStart?: boolean;
}

const knownOfLstm = optionsOf<LstmOptions>("lstm", {
  ...cellNames,
  peepholes: "optional",
  learnsStart: "optional",
});
/**
 * Long short-term memory, gates in the order i, f, g, o: c' = f c + i g, h' = o tanh(c'). Data-dependent initialization
 * uses the pre-activations of the first step.
 */
export function lstm(scope: Scope, options: LstmOptions): Cell<LstmState> {
  const { name, inputs, units } = knownOfLstm(options);
  wholeUnits("lstm", "inputs", inputs);
  wholeUnits("lstm", "units", units);
  return lstmIn(scope.child("lstm", name), options);
}

/** The same with its parameters in `scope` itself. */
export function lstmIn(scope: Scope, options: LstmOptions): Cell<LstmState> {
  const { units, peepholes = false, learnsStart = false } = options;
  const preactivation = gates(scope, options, 4 * units);
  const zero = (name: string, shape: readonly number[]): Node =>
    scope.parameter(name, shape, { init: { kind: "constant", value: 0 } });
  const start = (name: string): ((batch: number) => Node) => {
    if (!learnsStart) return (batch) => zeros([batch, units]);
    const first = zero(name, [units]);
    return (batch) => broadcastTo(first, [batch, units]);
  };
  const [h0, c0] = [start("h0"), start("c0")];
  const p = peepholes ? zero("p", [3, units]) : undefined;
  /** The gate t with what it sees of the cell. */
  const gate = (t: Node, k: number, cell: Node): Node =>
    sigmoid(p ? add(t, mul(cell, slice(p, { axis: 0, start: k, end: k + 1 }))) : t);
  return {
    initial: (batch) => ({ h: h0(batch), c: c0(batch) }),
    step(x, { h, c }) {
      const t = preactivation(x, h);
      const [i, f, g, o] = [0, 1, 2, 3].map((k) => part(t, units, k));
      const next = add(mul(gate(f, 1, c), c), mul(gate(i, 0, c), tanh(g)));
      return { h: mul(gate(o, 2, next), tanh(next)), c: next };
    },
  };
}

/** Options of {@link gru}. */
export interface GruOptions extends CellOptions {
  /** Whether r multiplies the product u h + b_h instead of h itself, as in PyTorch and cuDNN (default false). */
  readonly resetAfter?: boolean;
}

const knownOfGru = optionsOf<GruOptions>("gru", { ...cellNames, resetAfter: "optional" });
/**
 * Gated recurrent unit (Cho et al. 2014): h' = z h + (1 - z) tanh(w x + u (r h) + b), or with `resetAfter`
 * h' = z h + (1 - z) tanh(w x + b + r (u h + b_h)).
 */
export function gru(scope: Scope, options: GruOptions): Cell<Node> {
  const { name, inputs, units } = knownOfGru(options);
  wholeUnits("gru", "inputs", inputs);
  wholeUnits("gru", "units", units);
  return gruIn(scope.child("gru", name), options);
}

/** The same with its parameters in `scope` itself. */
export function gruIn(scope: Scope, options: GruOptions): Cell<Node> {
  const { units, resetAfter = false } = options;
  const gate = gates(scope.child("gates", "gates"), options, 2 * units);
  // Two names, for the two are different functions of the same parameters.
  const candidate = resetAfter
    ? newGate(scope.child("new", "new"), options)
    : resetFirst(scope.child("candidate", "candidate"), options);
  return {
    initial: (batch) => zeros([batch, units]),
    step(x, h) {
      const t = gate(x, h);
      const [r, z] = [0, 1].map((k) => sigmoid(part(t, units, k)));
      const n = tanh(candidate(x, h, r));
      return add(mul(z, h), mul(sub(1, z), n));
    },
  };
}
type Candidate = (x: Node | readonly Node[], h: Node, r: Node) => Node;

function resetFirst(scope: Scope, options: CellOptions): Candidate {
  const preactivation = gates(scope, options, options.units);
  return (x, h, r) => preactivation(x, mul(r, h));
}

/** The bias of the product itself, `bh`, starts at 0, and initialization sets it so: scales of the rows then scale all. */
function newGate(scope: Scope, options: CellOptions): Candidate {
  const { units, bias = true } = options;
  const preactivation = gates(scope, options, units);
  if (!bias) return (x, h, r) => preactivation(x, h, (t) => mul(r, t));
  const bh = scope.parameter("bh", [units], { init: { kind: "constant", value: 0 } });
  if (scope.mode !== "init") return (x, h, r) => preactivation(x, h, (t) => mul(r, add(t, bh)));
  scope.update(bh, zeros([units]));
  return (x, h, r) => preactivation(x, h, (t) => mul(r, t));
}

/**
 * Runs a cell over x [batch, time, in], one step after the other or, in `reverse`, from the last to the first; the outputs' h as
 * [batch, time, units], each where its x was.
 */
export function unroll<State>(
  cell: Cell<State>,
  x: Node,
  output: (state: State) => Node,
  { reverse = false }: { readonly reverse?: boolean } = {},
): Node {
  const [batch, time, width] = x.shape as [number, number, number];
  let state = cell.initial(batch);
  const outputs: Node[] = [];
  for (let step = 0; step < time; step++) {
    const i = reverse ? time - 1 - step : step;
    const xi = slice(x, { axis: 1, start: i, end: i + 1 });
    state = cell.step(reshape(xi, [batch, width]), state);
    outputs[i] = expandDims(output(state), 1);
  }
  return concat(outputs, 1);
}
