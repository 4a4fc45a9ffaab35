/** Elements by index, and constants. */
import {
  add,
  broadcastTo,
  cast,
  constant,
  equal,
  expandDims,
  gather,
  less,
  mul,
  reshape,
  select,
  sizeOf,
  squeeze,
  transpose,
} from "../../graph/index.ts";
import { DataType } from "../../onnx/index.ts";
import type { Call, Node, Rules, Shape, Value } from "../call.ts";
import { axisOf } from "./axes.ts";
import { asNumbers, coordinates, int64, take, toFront, written } from "./common.ts";
import { dtypeFor } from "./integers.ts";
import { scatterRows } from "./scatter.ts";

export const indexing: Rules = {
  Gather: (call) => {
    const x = call.x(0);
    const axis = axisOf(call, call.int("axis", 0), x.shape.length);
    return gatherAlong(call, x, axis);
  },
  GatherElements: (call) => {
    const x = call.x(0);
    const axis = axisOf(call, call.int("axis", 0), x.shape.length);
    return gather(reshape(x, [-1]), elementsAt(call, x.shape, axis));
  },
  GatherND: (call) => {
    const x = call.x(0);
    const batch = call.int("batch_dims", 0);
    const { at, depth } = rowsAt(call, x.shape, batch);
    const rest = x.shape.slice(depth);
    return gather(reshape(x, [sizeOf(x.shape.slice(0, depth)), ...rest]), at);
  },
  ScatterElements: (call) => scatterElements(call),
  Scatter: (call) => scatterElements(call),
  ScatterND: (call) => {
    const x = call.x(0);
    const { at, depth } = rowsAt(call, x.shape, 0);
    const rest = x.shape.slice(depth);
    const rows = sizeOf(at.shape);
    return asSame(call, x, (y, updates) =>
      scatterRows(call, {
        x: reshape(y, [sizeOf(x.shape.slice(0, depth)), ...rest]),
        at: reshape(at, [rows]),
        updates: reshape(updates, [rows, ...rest]),
      }),
    );
  },
  OneHot: (call) => {
    const depth = call.known(1, "its depth")[0];
    const indices = cast(call.x(0), "int32");
    const rank = indices.shape.length + 1;
    const axis = axisOf(call, call.int("axis", -1), rank);
    const at = expandDims(fromFront(indices, depth), axis);
    const hot = equal(at, coordinates(depth, axis, rank));
    const values = call.inputs[2];
    if (!values) throw call.fail("expected values for off and on, got none; check the file");
    const part = (v: Node, i: number): Node => reshape(take(v, 0, [i]), []);
    const node = asNumbers(values.node, (v) => select(hot, part(v, 1), part(v, 0)));
    return { node, type: values.type };
  },
  NonZero: (call) => {
    const { shape } = call.x(0);
    const values = call.known(0, "what it looks for");
    const found = [...values.keys()].filter((i) => values[i] !== 0);
    const rows = shape.map((size, a) => {
      const stride = sizeOf(shape.slice(a + 1));
      return found.map((i) => Math.floor(i / stride) % size);
    });
    return int64(rows.flat(), [shape.length, found.length]);
  },
  EyeLike: (call) => {
    const like = call.inputs[0];
    const { shape } = call.x(0);
    const [n, m] = shape;
    if (shape.length !== 2) throw call.fail(`expected a matrix, got [${shape}]; check the file`);
    const type = call.int("dtype", like?.type ?? DataType.FLOAT);
    const k = call.int("k", 0);
    const eye = written(call, [n, m], (i) => Number((i % m) - Math.floor(i / m) === k));
    return { node: cast(eye, dtypeFor(call, type)), type };
  },
  Range: (call) => {
    const [start, limit, delta] = ["start", "limit", "step"].map(
      (what, i) => call.known(i, `its ${what}`)[0],
    );
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    return written(call, [count], (i) => start + i * delta, call.x(0).dtype);
  },
  Constant: (call) => {
    if (call.has("value")) return call.constant(call.tensor("value"));
    if (call.has("value_float")) return constant(call.float("value_float"));
    if (call.has("value_floats")) return constant(call.floats("value_floats"));
    if (call.has("value_int")) return int64([call.int("value_int")], []);
    if (call.has("value_ints")) return int64(call.ints("value_ints"));
    throw call.fail(
      "expected numbers as its value, got strings or a sparse tensor; cut the model before it",
    );
  },
  ConstantOfShape: (call) => {
    const shape = call.known(0, "its shape");
    const { node, type }: Value = call.has("value")
      ? call.constant(call.tensor("value"))
      : { node: constant(0), type: DataType.FLOAT };
    return { node: broadcastTo(reshape(node, []), shape), type };
  },
};

/** int32 indices of which negative ones count from the end of `size`. */
const fromFront = (indices: Node, size: number): Node =>
  select(less(indices, 0), add(indices, size), indices);
/** Input 1 as indices into an axis of `size`, known ones as a constant. */
function indicesOf(call: Call, size: number): Node {
  const indices = call.x(1);
  const known = call.numbers(indices);
  if (!known) return fromFront(indices, size);
  const inside = known.map((i) => (i < 0 ? i + size : i));
  const wrong = inside.findIndex((i) => !(i >= 0 && i < size));
  if (wrong < 0) return constant(inside, indices.shape, "int32");
  throw call.fail(`expected indices into ${size}, got ${known[wrong]}; check the file`);
}

function gatherAlong(call: Call, x: Node, axis: number): Node {
  const indices = indicesOf(call, x.shape[axis]);
  const known = indices.op === "constant" ? Array.from(indices.attrs.data) : undefined;
  if (known && indices.shape.length === 1) return take(x, axis, known);
  if (known && indices.shape.length === 0) return squeeze(take(x, axis, known), axis);
  const rows = gather(toFront(x, axis), indices);
  const rank = indices.shape.length;
  const before = Array.from({ length: axis }, (_, a) => rank + a);
  const after = Array.from({ length: x.shape.length - axis - 1 }, (_, a) => rank + axis + a);
  return transpose(rows, [...before, ...indices.shape.keys(), ...after]);
}

/** Where in row-major x of `shape` the elements lie that input 1 names along `axis`. */
function elementsAt(call: Call, shape: Shape, axis: number): Node {
  const indices = indicesOf(call, shape[axis]);
  if (indices.shape.length !== shape.length)
    throw call.fail(
      `expected indices of as many axes as [${shape}], got [${indices.shape}]; check the file`,
    );
  const stride = (a: number): number => sizeOf(shape.slice(a + 1));
  const along = mul(indices, stride(axis));
  return indices.shape.reduce(
    (at, size, a) =>
      a === axis || size === 1 ? at : add(at, coordinates(size, a, shape.length, stride(a))),
    along,
  );
}

interface Rows {
  /** Which row each is of x with its first `depth` axes as one. */
  readonly at: Node;
  readonly depth: number;
}
/** Input 1 as GatherND has it: coordinates along its last axis, behind `batch` axes in common. */
function rowsAt(call: Call, shape: Shape, batch: number): Rows {
  const indices = call.x(1);
  const rank = indices.shape.length;
  const count = indices.shape.at(-1) ?? 0;
  const depth = batch + count;
  if (!(batch >= 0 && batch < rank && depth <= shape.length))
    throw call.fail(`expected indices into [${shape}], got [${indices.shape}]; check the file`);
  const stride = (a: number): number => sizeOf(shape.slice(a + 1, depth));
  const parts = Array.from({ length: count }, (_, i) => {
    const size = shape[batch + i];
    const part = squeeze(take(indices, rank - 1, [i]), rank - 1);
    return mul(fromFront(part, size), stride(batch + i));
  });
  const outer = Array.from({ length: batch }, (_, a) =>
    coordinates(shape[a], a, rank - 1, stride(a)),
  );
  const none = broadcastTo(constant(0, [], "int32"), indices.shape.slice(0, -1));
  return { at: [...parts, ...outer].reduce((a, b) => add(a, b), none), depth };
}

function scatterElements(call: Call): Node {
  const x = call.x(0);
  const axis = axisOf(call, call.int("axis", 0), x.shape.length);
  const at = reshape(elementsAt(call, x.shape, axis), [-1]);
  return asSame(call, x, (y, updates) =>
    scatterRows(call, { x: reshape(y, [-1]), at, updates: reshape(updates, [-1]) }),
  );
}
/** `f` of x and the updates as floats, in which the language scatters; the result is of x's dtype and shape. */
const asSame = (call: Call, x: Node, f: (x: Node, updates: Node) => Node): Node =>
  reshape(cast(f(cast(x, "float"), cast(call.x(2), "float")), x.dtype), x.shape);
