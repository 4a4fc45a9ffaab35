/** Protocol Buffers: messages to bytes and back, by a table of their fields. Nothing is generated, nothing is evaluated. */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** The fields of a message in the order of their numbers, each with its number and type; `["string"]` is a repeated field. */
export type Message<M> = {
  readonly [K in keyof M]-?: readonly [no: number, type: Type<NonNullable<M[K]>>];
};
type Type<V> = V extends Uint8Array
  ? "bytes"
  : V extends readonly (infer E)[]
    ? readonly [Single<E>]
    : Single<V>;
type Single<V> = V extends Uint8Array
  ? "bytes"
  : V extends string
    ? "string"
    : V extends number
      ? NumberType
      : () => Message<V>;
/** Whole numbers of 64 bits are numbers here: exact up to 2^53, and at the largest of int64, which stands for "no end". */
type NumberType = "int32" | "int64" | "uint64" | "float" | "double";

/** A message to be written: whatever is left out is not written. */
export type Draft<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? readonly Draft<E>[]
    : T extends object
      ? { readonly [K in keyof T]?: Draft<T[K]> }
      : T;

/** The same message gives the same bytes. What is large, weights, is copied once. */
export function encode<M>(fields: Message<M>, message: Draft<M>): Uint8Array {
  const table = tableOf(fields);
  const values = message as Values;
  const to: Output = {
    ...{ writer: new BinaryWriter(), pieces: [], size: 0 },
    holders: holdersIn(table, values),
  };
  write(table, values, to);
  push(to, to.writer.finish());
  const bytes = new Uint8Array(to.size);
  let at = 0;
  for (const piece of to.pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** What `bytes` hold of the fields; others are passed over. Values of type bytes are views of `bytes`. Throws where these end too early. */
export const decode = <M>(fields: Message<M>, bytes: Uint8Array): M =>
  read(tableOf(fields), new BinaryReader(bytes), { end: bytes.length, depth: 0 }, {}) as M;

type Values = Readonly<Record<string, unknown>>;
type Scalar = NumberType | "string" | "bytes";
interface Field {
  readonly key: string;
  readonly no: number;
  readonly type: Scalar | (() => Message<object>);
  readonly repeated: boolean;
}
interface Table {
  readonly fields: readonly Field[];
  readonly byNumber: ReadonlyMap<number, Field>;
}

const tables = new WeakMap<object, Table>();
function tableOf(message: Message<object>): Table {
  const known = tables.get(message);
  if (known) return known;
  type Entry = readonly [no: number, type: Field["type"] | readonly [Field["type"]]];
  const fields = Object.entries(message as Readonly<Record<string, Entry>>).map(
    ([key, [no, type]]): Field =>
      typeof type === "object"
        ? { key, no, type: type[0], repeated: true }
        : { key, no, type, repeated: false },
  );
  const table = { fields, byNumber: new Map(fields.map((field) => [field.no, field])) };
  tables.set(message, table);
  return table;
}

const wireTypes: Readonly<Record<Scalar, WireType>> = {
  int32: WireType.Varint,
  int64: WireType.Varint,
  uint64: WireType.Varint,
  float: WireType.Bit32,
  double: WireType.Bit64,
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
};

const LARGEST = { int64: 2n ** 63n - 1n, uint64: 2n ** 64n - 1n };
/** A number from `LARGEST` on is what the number nearest to it was read as. */
const whole = (x: number, type: keyof typeof LARGEST): bigint =>
  x >= Number(LARGEST[type]) ? LARGEST[type] : BigInt(x);
/** Small ones have the same bytes in every type. */
const isSmall = (x: number): boolean => x >= 0 && x < 2 ** 32 && Number.isInteger(x);

const writers: Readonly<Record<Exclude<Scalar, "bytes">, (to: BinaryWriter, x: never) => void>> = {
  int32: (to, x: number) => to.int32(x),
  int64: (to, x: number) => (isSmall(x) ? to.uint32(x) : to.int64(whole(x, "int64"))),
  uint64: (to, x: number) => (isSmall(x) ? to.uint32(x) : to.uint64(whole(x, "uint64"))),
  float: (to, x: number) => to.float(x),
  double: (to, x: number) => to.double(x),
  string: (to, x: string) => to.string(x),
};
const readers: Readonly<Record<Scalar, (from: BinaryReader) => unknown>> = {
  int32: (from) => from.int32(),
  int64: (from) => Number(from.int64()),
  uint64: (from) => Number(from.uint64()),
  float: (from) => from.float(),
  double: (from) => from.double(),
  string: (from) => from.string(),
  bytes: (from) => from.bytes(),
};

/** What is written: pieces, and behind them what is still with the writer. */
interface Output {
  readonly writer: BinaryWriter;
  readonly pieces: Uint8Array[];
  /** Of the pieces together. */
  size: number;
  /** The messages that hold large bytes, or one that does: only these are written in pieces. */
  readonly holders: ReadonlySet<unknown>;
}
function push(to: Output, piece: Uint8Array): void {
  to.pieces.push(piece);
  to.size += piece.length;
}

/** Bytes that are worth a piece of their own. */
const LARGE = 4096;
function holdersIn({ fields }: Table, message: Values, found = new Set<unknown>()): Set<unknown> {
  for (const { key, type, repeated } of fields) {
    const value = message[key];
    if (value === undefined || (typeof type !== "function" && type !== "bytes")) continue;
    for (const inner of (repeated ? value : [value]) as readonly (Values & Uint8Array)[]) {
      const holds =
        type === "bytes"
          ? inner.length >= LARGE
          : holdersIn(tableOf(type()), inner, found).has(inner);
      if (holds) found.add(message);
    }
  }
  return found;
}

function write({ fields }: Table, message: Values, to: Output): void {
  const { writer } = to;
  for (const { key, no, type, repeated } of fields) {
    const value = message[key];
    if (value === undefined) continue;
    const values = (repeated ? value : [value]) as readonly never[];
    if (typeof type === "function")
      for (const x of values) writeMessage(no, tableOf(type()), x, to);
    else if (type === "bytes") for (const x of values) writeBytes(no, x, to);
    else if (repeated && type !== "string") {
      if (values.length === 0) continue;
      writer.tag(no, WireType.LengthDelimited).fork();
      for (const x of values) writers[type](writer, x);
      writer.join();
    } else for (const x of values) writers[type](writer.tag(no, wireTypes[type]), x);
  }
}

/** A message stands behind its length, which is known once it is written. */
function writeMessage(no: number, table: Table, message: Values, to: Output): void {
  const { writer, pieces } = to;
  if (!to.holders.has(message)) {
    writer.tag(no, WireType.LengthDelimited).fork();
    write(table, message, to);
    writer.join();
    return;
  }
  push(to, writer.finish());
  const place = pieces.push(new Uint8Array(0)) - 1;
  const before = to.size;
  write(table, message, to);
  push(to, writer.finish());
  pieces[place] = writer
    .tag(no, WireType.LengthDelimited)
    .uint32(to.size - before)
    .finish();
  to.size += pieces[place].length;
}

function writeBytes(no: number, bytes: Uint8Array, to: Output): void {
  const { writer } = to;
  writer.tag(no, WireType.LengthDelimited);
  if (bytes.length < LARGE) writer.bytes(bytes);
  else {
    push(to, writer.uint32(bytes.length).finish());
    push(to, bytes);
  }
}

const TOO_EARLY = "something in them ends too early";
/** Messages within messages: graphs in branches in loops, several times over. */
const DEEPEST = 100;
/** What is being read: up to where, and in how many messages it lies. */
interface Span {
  readonly end: number;
  readonly depth: number;
}
/** Reads fields into `message` up to `end`. A field that comes twice is the last one; of messages, both together. */
function read(
  { fields, byNumber }: Table,
  reader: BinaryReader,
  { end, depth }: Span,
  message: Record<string, unknown>,
): Record<string, unknown> {
  if (depth > DEEPEST)
    throw new RangeError(`messages in them are nested more than ${DEEPEST} deep`);
  for (const { key, repeated } of fields) if (repeated) message[key] ??= [];
  while (reader.pos < end) {
    const [no, wireType] = reader.tag();
    const field = byNumber.get(no);
    if (!field) {
      reader.skip(wireType, no);
      continue;
    }
    const { key, type, repeated } = field;
    const list = message[key] as unknown[];
    if (typeof type === "function") {
      expectWire(field, wireType, WireType.LengthDelimited);
      const before = repeated ? undefined : message[key];
      const inner = (before ?? {}) as Record<string, unknown>;
      const span = { end: endOf(reader, end), depth: depth + 1 };
      const value = read(tableOf(type()), reader, span, inner);
      if (repeated) list.push(value);
      else message[key] = value;
    } else if (repeated && isPacked(type, wireType)) {
      const last = endOf(reader, end);
      while (reader.pos < last) list.push(readers[type](reader));
      if (reader.pos !== last) throw new RangeError(TOO_EARLY);
    } else {
      expectWire(field, wireType, wireTypes[type]);
      const value = readers[type](reader);
      if (repeated) list.push(value);
      else message[key] = value;
    }
  }
  if (reader.pos !== end) throw new RangeError(TOO_EARLY);
  return message;
}

const isPacked = (type: Scalar, wireType: WireType): boolean =>
  wireType === WireType.LengthDelimited && wireTypes[type] !== WireType.LengthDelimited;

/** Where the message ends that begins with its length here. */
function endOf(reader: BinaryReader, limit: number): number {
  const length = reader.uint32();
  if (reader.pos + length > limit) throw new RangeError(TOO_EARLY);
  return reader.pos + length;
}
function expectWire({ key }: Field, got: WireType, expected: WireType): void {
  if (got !== expected) throw new TypeError(`${key} is of another type`);
}
