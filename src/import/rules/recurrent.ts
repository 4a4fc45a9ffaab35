/** Recurrences, unrolled: what all steps need of the input is one product. */
import {
  add,
  less,
  matmul,
  mul,
  reshape,
  select,
  slice,
  split,
  stack,
  sub,
  transpose,
  zeros,
  type Node,
} from "../../graph/index.ts";
import type { Call, Made, Rules } from "../call.ts";
import { activationsOf } from "./gates.ts";

/** The weights of one direction. Rows of W and R are gate by gate, as ONNX orders them. */
interface Weights {
  /** R transposed: [units, gates units]. */
  readonly r: Node;
  /** Biases of the input's part and of the state's, [gates units]. */
  readonly wb: Node;
  readonly rb: Node;
  /** Of an LSTM that sees its cell: [3 units]. */
  readonly peepholes: Node | undefined;
  readonly units: number;
  /** In the order of ONNX's letters f, g, h. */
  readonly activations: readonly ((x: Node) => Node)[];
}
/** The state is h, and for an LSTM c: [batch, units] each. */
type State = readonly Node[];
/** One step: from what the input adds to the gates, [batch, gates units], and the state to the next state. */
type Step = (x: Node, state: State) => State;
interface Kind {
  readonly gates: number;
  readonly states: 1 | 2;
  readonly activations: readonly string[];
  readonly cell: (call: Call, weights: Weights) => { readonly bias: Node; readonly step: Step };
}

const rnn: Kind = {
  gates: 1,
  states: 1,
  activations: ["Tanh"],
  cell: (_, { r, wb, rb, activations: [f] }) => ({
    bias: add(wb, rb),
    step: (x, [h]) => [f(add(x, matmul(h, r)))],
  }),
};
const lstm: Kind = {
  gates: 4,
  states: 2,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  cell(call, { r, wb, rb, peepholes, activations: [f, g, h] }) {
    if (call.int("input_forget", 0) !== 0)
      throw call.fail(
        "expected input_forget 0, got 1, which is not supported; cut the model before it",
      );
    const seen = peepholes ? split(peepholes, 3) : undefined;
    const peep = (x: Node, i: number, c: Node): Node => (seen ? add(x, mul(c, seen[i])) : x);
    return {
      bias: add(wb, rb),
      step(x, [before, c]) {
        const [input, output, forget, candidate] = split(add(x, matmul(before, r)), 4, 1);
        const kept = mul(f(peep(forget, 2, c)), c);
        const next = add(kept, mul(f(peep(input, 0, c)), g(candidate)));
        return [mul(f(peep(output, 1, next)), h(next)), next];
      },
    };
  },
};
const gru: Kind = {
  gates: 3,
  states: 1,
  activations: ["Sigmoid", "Tanh"],
  cell(call, { r, wb, rb, units, activations: [f, g] }) {
    const linear = call.int("linear_before_reset", 0) !== 0;
    const [gates, candidate] = split(r, [2 * units, units], 1);
    const step: Step = (x, [h]) => {
      const [xz, xr, xh] = split(x, 3, 1);
      if (linear) {
        const [z, reset, n] = split(add(matmul(h, r), rb), 3, 1);
        return [mixed(f(add(xz, z)), g(add(xh, mul(f(add(xr, reset)), n))), h)];
      }
      const [z, reset] = split(matmul(h, gates), 2, 1);
      const n = matmul(mul(f(add(xr, reset)), h), candidate);
      return [mixed(f(add(xz, z)), g(add(xh, n)), h)];
    };
    return { bias: linear ? wb : add(wb, rb), step };
  },
};
/** h where z is 1, n where it is 0. */
const mixed = (z: Node, n: Node, h: Node): Node => add(mul(sub(1, z), n), mul(z, h));

/** Steps beyond which a graph is too large to be of use. */
const LIMIT = 10_000;

function recurrence(call: Call, kind: Kind): Made {
  const batchFirst = call.int("layout", 0) !== 0;
  const swapped = (x: Node): Node => (batchFirst ? transpose(x, [1, 0, 2]) : x);
  if (call.x(0).shape.length !== 3)
    throw call.fail(
      `expected x of shape [length, batch, features], got [${call.x(0).shape}]; the file is damaged`,
    );
  const x = swapped(call.x(0));
  const [length, batch] = x.shape;
  if (!(length >= 1 && length <= LIMIT))
    throw call.fail(
      `expected sequences of 1 to ${LIMIT} steps, which are unrolled, got ${length}; give a shorter length`,
    );
  const [directions, , units] = call.x(2).shape;
  const backwards = reversedOf(call, directions);
  const activations = activationsOf(call, directions, kind.activations);
  const lengths = lengthsOf(call, length);
  const runs = backwards.map((reverse, d) => {
    const row = (y: Node): Node =>
      reshape(slice(y, { axis: 0, start: d, end: d + 1 }), y.shape.slice(1));
    const weights = weightsOf(call, kind, row, {
      units,
      activations: activations.slice(d * kind.activations.length),
    });
    const { bias, step } = kind.cell(call, weights);
    const products = matmul(reshape(x, [length * batch, -1]), transpose(row(call.x(1))));
    const inputs = reshape(add(products, bias), [length, batch, -1]);
    const initial = Array.from({ length: kind.states }, (_, i) => {
      const given = call.optional(5 + i);
      return given ? row(swapped(given)) : zeros([batch, units]);
    });
    return unrolled(inputs, initial, step, { reverse, lengths });
  });
  const y = stack(
    runs.map(({ outputs }) => stack(outputs)),
    1,
  );
  const states = Array.from({ length: kind.states }, (_, i) =>
    swapped(stack(runs.map(({ state }) => state[i]))),
  );
  const made = [batchFirst ? transpose(y, [2, 0, 1, 3]) : y, ...states];
  return made.slice(0, Math.max(1, call.outputs.length));
}

interface Unrolling {
  readonly reverse: boolean;
  /** Of every sequence, int32 [batch, 1], where they are not full. */
  readonly lengths: Node | undefined;
}
/** All steps: the outputs [batch, units] in the order of the input, and the last state. */
function unrolled(
  inputs: Node,
  initial: State,
  step: Step,
  { reverse, lengths }: Unrolling,
): { readonly outputs: readonly Node[]; readonly state: State } {
  const steps = split(inputs, inputs.shape[0]).map((x) => reshape(x, x.shape.slice(1)));
  const outputs = new Array<Node>(steps.length);
  let state = initial;
  for (let i = 0; i < steps.length; i++) {
    const t = reverse ? steps.length - 1 - i : i;
    const next = step(steps[t], state);
    if (!lengths) {
      state = next;
      outputs[t] = next[0];
      continue;
    }
    // Beyond the end of a sequence its state stays, which backwards is the initial one, and its output is 0.
    const here = less(t, lengths);
    state = next.map((y, j) => select(here, y, state[j]));
    outputs[t] = select(here, next[0], 0);
  }
  return { outputs, state };
}

function reversedOf(call: Call, directions: number): readonly boolean[] {
  const name = call.string("direction", "forward");
  const reversed = { forward: [false], reverse: [true], bidirectional: [false, true] };
  const found = Object.entries(reversed).find(([key]) => key === name)?.[1];
  if (found?.length === directions) return found;
  throw call.fail(
    `expected direction forward, reverse or bidirectional that fits its weights, got "${name}" and weights of ${directions}; the file is damaged`,
  );
}

/** The lengths of sequences; nothing where all are known to be full. */
function lengthsOf(call: Call, length: number): Node | undefined {
  const lengths = call.optional(4);
  if (!lengths || call.numbers(lengths)?.every((n) => n === length)) return undefined;
  return reshape(lengths, [-1, 1]);
}

function weightsOf(
  call: Call,
  { gates }: Kind,
  row: (x: Node) => Node,
  rest: Pick<Weights, "units" | "activations">,
): Weights {
  const rows = gates * rest.units;
  const [w, r] = [call.x(1), call.x(2)];
  if (w.shape.length !== 3 || r.shape.length !== 3)
    throw call.fail(
      `expected weights of [directions, ${gates} units, features], got [${w.shape}] and [${r.shape}]; check the file`,
    );
  const biases = call.optional(3);
  const [wb, rb] = biases ? split(row(biases), [rows, rows]) : [zeros([rows]), zeros([rows])];
  const peepholes = call.optional(7);
  return { ...rest, r: transpose(row(r)), wb, rb, peepholes: peepholes && row(peepholes) };
}

export const recurrent: Rules = {
  RNN: (call) => recurrence(call, rnn),
  GRU: (call) => recurrence(call, gru),
  LSTM: (call) => recurrence(call, lstm),
};
