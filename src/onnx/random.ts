/** The counter-based hash of graph/hash.ts, bit for bit, in ONNX's integer ops. */
import { HASH, streamKey } from "../graph/hash.ts";
import { sizeOf, type NodeOf } from "../graph/index.ts";
import { elementType, type Emitter } from "./emit.ts";
import { int64s, reshapeTo } from "./shapes.ts";

/** [..] random int32 of the node's `bits`; the key is a uint32 [2]. */
export const randomBits = (n: NodeOf<"randomBits">, [key]: readonly string[], e: Emitter): string =>
  reshapeTo(e, bitsAt(elementIndices(n, e), n, key, e), n.shape);

/** The same for an image [n, c, h, w] whose memory is [n, c/b, h w, b]: every element hashes its natural index. */
export function blockedRandomBits(
  n: NodeOf<"randomBits">,
  [key]: readonly string[],
  e: Emitter,
): string {
  const { first = 0 } = n.attrs;
  const [images, c, h, w] = n.shape;
  const steps = [
    [images, c * h * w],
    [c / e.block, e.block * h * w],
    [h * w, 1],
    [e.block, h * w],
  ];
  const index = steps
    .map(([count, step], axis) =>
      e.constant(
        Array.from({ length: count }, (_, i) => (i * step + (axis === 0 ? first : 0)) | 0),
        steps.map((_, i) => (i === axis ? count : 1)),
        "int32",
      ),
    )
    .reduce((a, b) => e.emit("Add", [a, b]));
  const unsigned = e.emit("Cast", [index], { attrs: { to: elementType.uint32 } });
  return reshapeTo(e, bitsAt(unsigned, n, key, e), n.shape);
}

function bitsAt(indices: string, { attrs }: NodeOf<"randomBits">, key: string, e: Emitter): string {
  const uint32 = (x: number): string => e.constant([x >>> 0], [], "uint32");
  const cast = (x: string, to: "int32" | "uint32"): string =>
    e.emit("Cast", [x], { attrs: { to: elementType[to] } });
  const xor = (a: string, b: string): string => e.emit("BitwiseXor", [a, b]);
  const shift = (x: string, by: number): string =>
    e.emit("BitShift", [x, uint32(by)], { attrs: { direction: "RIGHT" } });
  const xorShift = (x: string, by: number): string => xor(x, shift(x, by));
  // ONNX Runtime multiplies int32 but not uint32; modulo 2^32 they are the same.
  const times = (x: string, factor: number): string =>
    cast(e.emit("Mul", [cast(x, "int32"), e.constant([factor | 0], [], "int32")]), "uint32");

  const site = xor(key, e.constant(streamKey(attrs.stream), [2], "uint32"));
  const [k0, k1] = [0, 1].map((i) => e.emit("Gather", [site, e.constant([i], [], "int64")]));
  const [s0, s1, s2] = HASH.shifts;
  let x = xorShift(xor(indices, k0), s0);
  x = xorShift(xor(times(x, HASH.factors[0]), k1), s1);
  x = xorShift(times(x, HASH.factors[1]), s2);
  return cast(shift(x, 32 - attrs.bits), "int32");
}

/** The n indices of a node's elements as uint32, as a sum of a short column and a short row, so that no model stores n numbers. */
function elementIndices({ shape, attrs }: NodeOf<"randomBits">, e: Emitter): string {
  const { first = 0 } = attrs;
  const n = sizeOf(shape);
  const width = Math.min(n, 4096);
  const rows = Math.ceil(n / Math.max(width, 1));
  const count = (length: number, step: number, from = 0): number[] =>
    Array.from({ length }, (_, i) => (i * step + from) | 0); // modulo 2^32, as unsigned numbers are
  const grid = e.emit("Add", [
    e.constant(count(rows, width, first), [rows, 1], "int32"),
    e.constant(count(width, 1), [1, width], "int32"),
  ]);
  const flat = reshapeTo(e, grid, [rows * width]);
  const exact = rows * width === n ? flat : e.emit("Slice", [flat, int64s(e, [0]), int64s(e, [n])]);
  return e.emit("Cast", [exact], { attrs: { to: elementType.uint32 } });
}
