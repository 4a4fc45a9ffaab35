/** Integers of an imported graph: int32 nodes, whatever their width in the file. */
import { cast, floor, mul, select, less, sub, type Dtype, type Node } from "../../graph/index.ts";
import { DataType } from "../../onnx/index.ts";
import type { Call } from "../call.ts";
import { dtypeOf, typeName } from "../tensors.ts";

/** How many bits the integers of an element type have, and whether they are signed. */
interface Width {
  readonly bits: number;
  readonly signed: boolean;
}
const widths: ReadonlyMap<number, Width> = new Map([
  [DataType.INT8, { bits: 8, signed: true }],
  [DataType.UINT8, { bits: 8, signed: false }],
  [DataType.INT16, { bits: 16, signed: true }],
  [DataType.UINT16, { bits: 16, signed: false }],
  [DataType.INT32, { bits: 32, signed: true }],
  [DataType.UINT32, { bits: 32, signed: false }],
  [DataType.INT64, { bits: 64, signed: true }],
  [DataType.UINT64, { bits: 64, signed: false }],
]);
/** The least and the largest number of an integer type. */
export function rangeOf(call: Call, type: number): readonly [number, number] {
  const width = widths.get(type);
  if (!width)
    throw call.fail(`expected a type of integers, got ${typeName(type)}; there is no rule for it`);
  const { bits, signed } = width;
  return signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

/** The dtype of the nodes that stand for an ONNX element type; an error where none can. */
export function dtypeFor(call: Call, type: number): Dtype {
  const dtype = dtypeOf(type);
  if (dtype) return dtype;
  throw call.fail(
    `expected floats, integers or bools, got ${typeName(type)}; cut the model before this node`,
  );
}

export const asFloat = (x: Node): Node => cast(x, "float");

/**
 * What floats have an op for and integers do not, by way of float: exact to 2^53 where the import computes it, as it does with
 * shapes, and to 2^24 on ONNX Runtime. Fractions are cut off, as ONNX does it.
 */
export const throughFloat =
  (f: (...xs: Node[]) => Node) =>
  (...xs: Node[]): Node =>
    cast(f(...xs.map(asFloat)), xs[0].dtype);

/** Integers, as floats, as they are left in so many bits. */
export function wrapped(call: Call, x: Node, type: number): Node {
  const [least, most] = rangeOf(call, type);
  const size = most - least + 1;
  const rest = sub(x, mul(floor(mul(x, 1 / size)), size));
  return least === 0 ? rest : select(less(most, rest), sub(rest, size), rest);
}
