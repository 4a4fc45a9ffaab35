/** WebAssembly as bytes: the few instructions that loops over numbers take (https://webassembly.github.io/spec/core/binary). */

export type Code = readonly number[];
export type ValueType = "i32" | "f32" | "v128";

export interface Func {
  readonly params: readonly ValueType[];
  readonly result?: ValueType;
  /** Beside the parameters, numbered after them. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
  /** What it is exported as, if it is. */
  readonly name?: string;
}

/** LEB128. */
export function unsigned(x: number): Code {
  const bytes: number[] = [];
  for (let rest = x; ;) {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? byte | 0x80 : byte);
    if (rest === 0) return bytes;
  }
}
export function signed(x: number): Code {
  const bytes: number[] = [];
  for (let rest = x | 0; ;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
    bytes.push(isLast ? byte : byte | 0x80);
    if (isLast) return bytes;
  }
}
export const float32 = (x: number): Code => [...new Uint8Array(Float32Array.of(x).buffer)];

/** An instruction after its operands. */
export type Operator = (...operands: readonly Code[]) => Code;
const simd =
  (opcode: number): Operator =>
  (...operands) => [...operands.flat(), 0xfd, ...unsigned(opcode)];
const plain =
  (opcode: number): Operator =>
  (...operands) => [...operands.flat(), opcode];
/** Loads or stores, at addresses of whole floats. */
const memory =
  (opcode: Code): Operator =>
  (...operands) => [...operands.flat(), ...opcode, 2, 0];

export const get = (i: number): Code => [0x20, ...unsigned(i)];
export const set = (i: number, x: Code): Code => [...x, 0x21, ...unsigned(i)];
export const int = (x: number): Code => [0x41, ...signed(x)];
export const float = (x: number): Code => [0x43, ...float32(x)];

export const i32: Readonly<
  Record<"load" | "add" | "sub" | "mul" | "and" | "shl" | "lessUnsigned", Operator>
> = {
  load: memory([0x28]),
  add: plain(0x6a),
  sub: plain(0x6b),
  mul: plain(0x6c),
  and: plain(0x71),
  shl: plain(0x74),
  lessUnsigned: plain(0x49),
};
export const f32: Readonly<
  Record<"load" | "store" | "less" | "greater" | "sqrt" | "add" | "mul", Operator>
> = {
  load: memory([0x2a]),
  store: memory([0x38]),
  less: plain(0x5d),
  greater: plain(0x5e),
  sqrt: plain(0x91),
  add: plain(0x92),
  mul: plain(0x94),
};
/** Four floats, or masks of four bools. */
export const v128: Readonly<
  Record<
    | "load"
    | "loadSplat"
    | "store"
    | "storeFirst"
    | "splat"
    | "not"
    | "and"
    | "or"
    | "select"
    | "equal"
    | "notEqual"
    | "less"
    | "greater"
    | "lessOrEqual"
    | "floor"
    | "nearest"
    | "abs"
    | "neg"
    | "sqrt"
    | "add"
    | "sub"
    | "mul"
    | "div"
    | "min"
    | "max"
    | "lesserOr"
    | "greaterOr",
    Operator
  >
> = {
  load: memory([0xfd, 0x00]),
  /** Four times one float. */
  loadSplat: memory([0xfd, 0x09]),
  store: memory([0xfd, 0x0b]),
  /** Stores the first lane. */
  storeFirst: (...operands) => [...memory([0xfd, 0x5a])(...operands), 0],
  splat: simd(0x13),
  not: simd(0x4d),
  and: simd(0x4e),
  or: simd(0x50),
  /** Of bits a, b and a mask: those of a where the mask's are 1, of b elsewhere. */
  select: simd(0x52),
  equal: simd(0x41),
  notEqual: simd(0x42),
  less: simd(0x43),
  greater: simd(0x44),
  lessOrEqual: simd(0x45),
  floor: simd(0x68),
  nearest: simd(0x6a),
  abs: simd(0xe0),
  neg: simd(0xe1),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
  min: simd(0xe8),
  max: simd(0xe9),
  /** The second where it is less than the first, else the first. */
  lesserOr: simd(0xea),
  /** The second where it is greater than the first, else the first. */
  greaterOr: simd(0xeb),
};
/** Four times one constant. */
export const constant = (x: number): Code => [
  ...[0xfd, 0x0c],
  ...[0, 1, 2, 3].flatMap(() => float32(x)),
];
export const laneOf = (x: Code, i: number): Code => [...x, 0xfd, 0x1f, i];
/** Lanes of two vectors: 0 to 3 are of `a`, 4 to 7 of `b`. */
export const shuffle = (a: Code, b: Code, lanes: readonly number[]): Code => [
  ...[...a, ...b, 0xfd, 0x0d],
  ...lanes.flatMap((lane) => [0, 1, 2, 3].map((i) => 4 * lane + i)),
];
export const call = (func: number, ...args: readonly Code[]): Code => [
  ...args.flat(),
  0x10,
  ...unsigned(func),
];
export const when = (condition: Code, then: Code): Code => [
  ...condition,
  ...[0x04, 0x40],
  ...then,
  0x0b,
];
/** Repeats `body`, which changes what `condition` is about, as long as that holds. */
export const during = (condition: Code, body: Code): Code =>
  when(condition, [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b]);

/** How many bytes so many floats take. */
export const bytes = (floats: Code): Code => i32.shl(floats, int(2));
/** Adds `step` to the local `i`. */
export const ahead = (i: number, step: Code): Code => set(i, i32.add(get(i), step));

const types: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };
const counted = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const section = (id: number, bytes: Code): Code => [id, ...sized(bytes)];
const text = (s: string): Code => sized([...new TextEncoder().encode(s)]);

/** A module of `functions`, which call each other by their places in the list, over the memory that it imports as "host" "memory". */
export function moduleOf(functions: readonly Func[]): Uint8Array<ArrayBuffer> {
  const signatures = functions.map(({ params, result }) => [
    0x60,
    ...counted(params.map((t) => [types[t]])),
    ...counted(result ? [[types[result]]] : []),
  ]);
  const bodies = functions.map(({ locals, body }) =>
    sized([...counted(locals.map((t) => [1, types[t]])), ...body, 0x0b]),
  );
  const exported = functions.flatMap(({ name }, i) =>
    name === undefined ? [] : [[...text(name), 0, ...unsigned(i)]],
  );
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, counted(signatures)),
    ...section(2, counted([[...text("host"), ...text("memory"), 2, 0, 0]])),
    ...section(3, counted(functions.map((_, i) => unsigned(i)))),
    ...section(7, counted(exported)),
    ...section(10, counted(bodies)),
  ]);
}
