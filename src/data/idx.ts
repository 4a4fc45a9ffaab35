/**
 * IDX, the format of MNIST (http://yann.lecun.com/exdb/mnist): two zero bytes, the type of the values, the number of
 * dimensions, each dimension as a big-endian uint32, then the values in row-major order.
 */
export interface Idx {
  readonly shape: readonly number[];
  /** A view of the bytes that were parsed, not a copy. */
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;
const otherTypes: ReadonlyMap<number, string> = new Map([
  [0x09, "int8"],
  [0x0b, "int16"],
  [0x0c, "int32"],
  [0x0d, "float32"],
  [0x0e, "float64"],
]);
/** An image has two dimensions, a set one more; with some to spare for other tensors. */
const MOST_DIMENSIONS = 8;

/** The unsigned bytes of an IDX file; `where` names the file in messages. */
export function parseIdx(bytes: Uint8Array, where: string): Idx {
  const { shape, start, count } = headerOf(bytes, where);
  const got = bytes.length - start;
  if (got < count)
    throw new Error(
      `${where}: truncated, expected ${count} values for shape [${shape}], got ${got}; download it again`,
    );
  if (got > count)
    throw new Error(
      `${where}: expected ${count} values for shape [${shape}], got ${got - count} more bytes after them; check that it is one whole file`,
    );
  return { shape, data: bytes.subarray(start) };
}

/** How many bytes a file has that begins with `bytes`. */
export function idxLength(bytes: Uint8Array, where: string): number {
  const { start, count } = headerOf(bytes, where);
  return start + count;
}

function headerOf(
  bytes: Uint8Array,
  where: string,
): { readonly shape: readonly number[]; readonly start: number; readonly count: number } {
  const fail = (what: string): never => {
    throw new Error(`${where}: ${what}`);
  };
  if (bytes.length < 4)
    return fail(`too short for an IDX file, got ${bytes.length} bytes; download it again`);
  const [zero0, zero1, type, rank] = bytes as unknown as readonly [number, number, number, number];
  if (zero0 === 0x1f && zero1 === 0x8b)
    return fail("expected an IDX file, got gzip-compressed data; gunzip it");
  if (zero0 !== 0 || zero1 !== 0)
    return fail(
      `not an IDX file, got first bytes ${hex(zero0)} ${hex(zero1)} instead of 00 00; check that it is the right file`,
    );
  if (type !== UNSIGNED_BYTE)
    return fail(
      `expected unsigned bytes (type 08), got ${otherTypes.get(type) ?? "an unknown type"} (${hex(type)}); convert it`,
    );
  if (rank > MOST_DIMENSIONS)
    return fail(
      `expected at most ${MOST_DIMENSIONS} dimensions, got ${rank}; check that it is the right file`,
    );
  const start = 4 + 4 * rank;
  if (bytes.length < start)
    return fail(
      `truncated, expected a header of ${start} bytes for ${rank} dimensions, got ${bytes.length}; download it again`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { shape, start, count: shape.reduce((a, b) => a * b, 1) };
}

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");
