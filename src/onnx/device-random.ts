/**
 * The hash of graph/hash.ts, bit for bit, on devices that have no operators on bits. Small arrays are xored by their 32 bit planes,
 * large ones a byte at a time by a table; what the key and the high half of an index decide is worked out before they are spread
 * over all elements, so that these cost some 40 passes.
 */
import { HASH, streamKey } from "../graph/hash.ts";
import { sizeOf, type NodeOf } from "../graph/index.ts";
import { elementType, type Emitter } from "./emit.ts";
import { int64s, reshapeTo } from "./shapes.ts";

const [BYTE, WORD] = [2 ** 8, 2 ** 16];
const countTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** uint32 [..] of n to its product, quotient, ... with numbers; products are modulo 2^32. */
function arithmetic(e: Emitter) {
  const uint32 = (x: number): string => e.constant([x >>> 0], [], "uint32");
  const times = (x: string, by: number): string => e.emit("Mul", [x, uint32(by)]);
  const over = (x: string, by: number): string => (by === 1 ? x : e.emit("Div", [x, uint32(by)]));
  const add = (a: string, b: string): string => e.emit("Add", [a, b]);
  const sub = (a: string, b: string): string => e.emit("Sub", [a, b]);
  /** The `size` lowest values of x: x modulo it. */
  const low = (x: string, size: number): string => sub(x, times(over(x, size), size));
  const cast = (x: string, to: "float" | "int32"): string =>
    e.emit("Cast", [x], { attrs: { to: elementType[to] } });
  const at = (table: string, index: string): string =>
    e.emit("Gather", [table, cast(index, "int32")]);
  return { times, over, add, sub, low, cast, at };
}

/** a xor b of small arrays [1, n]. */
function xorPlanes(a: string, b: string, e: Emitter): string {
  const { sub, times, over } = arithmetic(e);
  const bits = e.constant(
    countTo(32).map((i) => 2 ** i),
    [32, 1],
    "uint32",
  );
  const planes = (x: string): string => {
    const shifted = e.emit("Div", [x, bits]);
    return sub(shifted, times(over(shifted, 2), 2));
  };
  const difference = sub(planes(a), planes(b)); // 0, 1 or -1, which wraps round
  const weighed = e.emit("Mul", [e.emit("Mul", [difference, difference]), bits]);
  return e.emit("ReduceSum", [weighed, int64s(e, [0])], { attrs: { keepdims: 1 } });
}

/** a xor b for every two bytes, at 256 a + b. */
const byteTable = (e: Emitter): string =>
  e.once("xor of bytes", () =>
    e.constant(
      countTo(WORD).map((i) => (i >> 8) ^ (i & 255)),
      [WORD],
      "uint32",
    ),
  );

/** [..] random int32 of the node's `bits`, at most 24; the key is a uint32 [2]. */
export function deviceRandomBits(
  { attrs, shape }: NodeOf<"randomBits">,
  [key]: readonly string[],
  e: Emitter,
): string {
  const { first = 0 } = attrs; // what lies before it is drawn too, and cut off
  const n = first + sizeOf(shape);
  if (n === first) return e.constant([], shape, "int32");
  const { times, over, add, sub, low, cast, at } = arithmetic(e);
  const stream = e.constant(streamKey(attrs.stream), [1, 2], "uint32");
  const site = xorPlanes(reshapeTo(e, key, [1, 2]), stream, e);
  const [k0, k1] = [0, 1].map((i) =>
    e.emit("Gather", [site, e.constant([i], [1], "int64")], { attrs: { axis: 1 } }),
  );
  const table = byteTable(e);
  const xorBytes = (a: string, b: string): string => at(table, add(times(a, BYTE), b));

  const size = [Math.ceil(n / WORD), Math.min(Math.ceil(n / BYTE), BYTE), Math.min(n, BYTE)];
  const along = (axis: number): string =>
    e.constant(
      countTo(size[axis]),
      size.map((count, i) => (i === axis ? count : 1)),
      "uint32",
    );
  // x = index ^ k0; x ^= x >>> 16: every byte of it is one of the index xored with what the high half and the key decide.
  const high = xorPlanes(reshapeTo(e, along(0), [1, size[0]]), over(k0, WORD), e);
  const mixed = reshapeTo(e, xorPlanes(high, low(k0, WORD), e), [size[0], 1, 1]);
  const middle = xorBytes(over(mixed, BYTE), along(1));
  const last = xorBytes(low(mixed, BYTE), along(2));
  const top = times(reshapeTo(e, high, [size[0], 1, 1]), WORD);
  const x0 = reshapeTo(e, add(add(top, times(middle, BYTE)), last), [sizeOf(size)]);

  // x = x f ^ k1; x ^= x >>> 15: k1 ^ (k1 >>> 15) is in the tables.
  const y = times(x0, HASH.factors[0]);
  const k = xorPlanes(k1, over(k1, 2 ** 15), e);
  const bytes = (x: string, count: number): readonly string[] => {
    const shifted = countTo(count).map((j) => over(x, BYTE ** j));
    return shifted.map((s, j) => (j === 3 ? s : sub(s, times(over(x, BYTE ** (j + 1)), BYTE))));
  };
  const keyBytes = bytes(k, 4);
  const yBytes = bytes(y, 4);
  const shifted = bytes(over(y, 2 ** 15), 3);
  const rows = reshapeTo(e, table, [BYTE, BYTE]);
  const parts = yBytes.map((byte, j) => {
    const order = reshapeTo(
      e,
      xorBytes(keyBytes[j], e.constant(countTo(BYTE), [1, BYTE], "uint32")),
      [BYTE],
    );
    if (j === 3) return at(times(order, BYTE ** 3), byte);
    const own = times(reshapeTo(e, at(rows, order), [WORD]), BYTE ** j);
    return at(own, add(times(byte, BYTE), shifted[j]));
  });
  const x1 = times(parts.reduce(add), HASH.factors[1]);

  // x ^= x >>> 16, of which the highest bits are asked for: the first 16 stay as they are.
  const { bits } = attrs;
  const whole = (): string => {
    const upper = over(x1, WORD);
    const next = xorBytes(over(upper, BYTE), sub(over(x1, BYTE), times(upper, BYTE)));
    return over(add(times(upper, BYTE), next), 2 ** (24 - bits));
  };
  const found = bits <= 16 ? over(x1, 2 ** (32 - bits)) : whole();
  if (sizeOf(size) === n && first === 0) return reshapeTo(e, cast(found, "int32"), shape);
  const cut = e.emit("Slice", [cast(found, "float"), int64s(e, [first]), int64s(e, [n])]);
  return reshapeTo(e, cast(cut, "int32"), shape);
}
