/** Graphs within graphs: branches are chosen or both computed, loops are written out. */
import { cast, concat, constant, expandDims, reshape, select, squeeze } from "../../graph/index.ts";
import { DataType, type GraphProto } from "../../onnx/index.ts";
import type { Call, Node, Rules, Value } from "../call.ts";
import { axisOf } from "./axes.ts";
import { asNumbers, int64, take } from "./common.ts";

export const control: Rules = {
  If: (call) => {
    const known = call.numbers(call.x(0));
    const branch = (name: string): readonly Value[] => call.run(call.graph(name), []);
    if (known) return branch(known[0] ? "then_branch" : "else_branch");
    const condition = reshape(cast(call.x(0), "bool"), []);
    const no = branch("else_branch");
    return branch("then_branch").map((yes, i) => either(call, condition, yes, no[i]));
  },
  Loop: (call) => {
    const body = call.graph("body");
    const trips = call.inputs[0] ? call.known(0, "its number of rounds")[0] : Infinity;
    let going = call.inputs[1] ? call.known(1, "whether it runs")[0] : 1;
    let carried = call.inputs.slice(2).map((x, i) => x ?? missing(call, i + 2));
    const made: (readonly Value[])[] = [];
    for (let round = 0; round < trips && going !== 0; round++) {
      limit(call, round);
      const condition = { node: constant(1, [], "bool"), type: DataType.BOOL };
      const [next, ...rest] = call.run(body, [int64([round], []), condition, ...carried]);
      going = stateOf(call, next.node);
      carried = rest.slice(0, carried.length);
      made.push(rest.slice(carried.length));
    }
    const columns = call.outputs.length - carried.length;
    return [...carried, ...gathered(call, made, columns)];
  },
  Scan: (call) =>
    call.opset < 9
      ? oldScan(call)
      : scan(
          call,
          call.inputs.map((x, i) => x ?? missing(call, i)),
          {
            inputAxes: call.ints("scan_input_axes", []),
            inputDirections: call.ints("scan_input_directions", []),
            outputAxes: call.ints("scan_output_axes", []),
            outputDirections: call.ints("scan_output_directions", []),
          },
        ),
};

function missing(call: Call, i: number): never {
  throw call.fail(`expected input ${i}, got none; check the file`);
}

/** x where `condition` holds, else y, for a scalar condition that is not known at import. */
function either(call: Call, condition: Node, yes: Value, no: Value | undefined): Value {
  const type = (v: Value | undefined): string =>
    v ? `${v.node.dtype} [${v.node.shape}]` : "nothing";
  if (type(yes) !== type(no))
    throw call.fail(
      `expected branches of one shape, for its condition is not known at import, got ${type(yes)} and ${type(no)}; bind the input that it depends on`,
    );
  const chosen = asPair(yes.node, no!.node, (a, b) => select(condition, a, b));
  return { node: chosen, type: yes.type };
}
const asPair = (a: Node, b: Node, f: (a: Node, b: Node) => Node): Node =>
  asNumbers(a, (x) => f(x, cast(b, x.dtype)));

/** The truth of a condition that must be known, as 0 or 1. */
function stateOf(call: Call, condition: Node): number {
  const known = call.numbers(condition);
  if (known) return known[0];
  throw call.fail(
    "expected a loop whose end is known at import, got a condition that depends on inputs; bind them, or cut the model before it",
  );
}

const MOST = 10_000;
function limit(call: Call, round: number): void {
  if (round >= MOST)
    throw call.fail(`expected at most ${MOST} rounds, got more; cut the model before it`);
}

/** What the rounds of a loop made, one after the other along a new first axis. */
function gathered(
  call: Call,
  made: readonly (readonly Value[])[],
  columns: number,
): readonly Value[] {
  return Array.from({ length: columns }, (_, i) => {
    const values = made.map((row) => row[i]);
    if (values.length === 0)
      throw call.fail("expected a loop of at least one round, got none; cut the model before it");
    return stacked(values, 0);
  });
}
const stacked = (values: readonly Value[], axis: number): Value => ({
  node: concat(
    values.map(({ node }) => expandDims(node, axis)),
    axis,
  ),
  type: values[0].type,
});

interface ScanLayout {
  readonly inputAxes: readonly number[];
  readonly inputDirections: readonly number[];
  readonly outputAxes: readonly number[];
  readonly outputDirections: readonly number[];
}
function scan(call: Call, inputs: readonly Value[], layout: ScanLayout): readonly Value[] {
  const body: GraphProto = call.graph("body");
  const scanned = call.int("num_scan_inputs");
  const states = inputs.length - scanned;
  const sequences = inputs.slice(states).map(({ node, type }, i) => {
    const axis = axisOf(call, layout.inputAxes[i] ?? 0, node.shape.length);
    return { node, type, axis, backwards: layout.inputDirections[i] === 1 };
  });
  if (states < 0 || sequences.length === 0)
    throw call.fail(`expected ${scanned} scan inputs, got ${inputs.length} inputs; check the file`);
  const rounds = sequences[0].node.shape[sequences[0].axis];
  let carried = inputs.slice(0, states);
  const made: (readonly Value[])[] = [];
  for (let round = 0; round < rounds; round++) {
    limit(call, round);
    const parts = sequences.map(({ node, type, axis, backwards }) => {
      const at = backwards ? rounds - 1 - round : round;
      return { node: squeeze(take(node, axis, [at]), axis), type };
    });
    const outputs = call.run(body, [...carried, ...parts]);
    carried = outputs.slice(0, states);
    made.push(outputs.slice(states));
  }
  if (made.length === 0)
    throw call.fail("expected a scan over at least one element, got none; cut the model before it");
  const results = made[0].map((_, i) => {
    const values = made.map((row) => row[i]);
    const axis = axisOf(call, layout.outputAxes[i] ?? 0, values[0].node.shape.length + 1);
    return stacked(layout.outputDirections[i] === 1 ? values.toReversed() : values, axis);
  });
  return [...carried, ...results];
}

/** Operator set 8: a batch of sequences, each of the whole length, and lengths as the first input. */
function oldScan(call: Call): readonly Value[] {
  if (call.inputs[0])
    throw call.fail("expected sequences of one length, got lengths; import a newer operator set");
  const inputs = call.inputs.slice(1).map((x, i) => x ?? missing(call, i + 1));
  const directions = call.ints("directions", []);
  const layout = {
    inputAxes: [],
    inputDirections: directions,
    outputAxes: [],
    outputDirections: [],
  };
  const batch = inputs[0].node.shape[0];
  limit(call, batch);
  const rows = Array.from({ length: batch }, (_, b) =>
    scan(
      call,
      inputs.map(({ node, type }) => ({ node: squeeze(take(node, 0, [b]), 0), type })),
      layout,
    ),
  );
  return rows[0].map((_, i) =>
    stacked(
      rows.map((row) => row[i]),
      0,
    ),
  );
}
