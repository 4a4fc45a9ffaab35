/** gzip, with a bound: a few megabytes can expand to as many gigabytes, and what a file may hold is known before. */

export interface GunzipOptions {
  /** What messages call it. */
  readonly where: string;
  /** Bytes that it may hold; a function learns that from the first thousands of them, and may throw. */
  readonly most: number | ((start: Uint8Array) => number);
}

/** Enough for any header. */
const START = 4096;
/** No compressed byte stands for more: two bits for a match of 258. */
const MOST_RATIO = 1032;

/** What `bytes` were compressed from. Memory goes no further than `most`. */
export async function gunzip(
  bytes: Uint8Array,
  { where, most }: GunzipOptions,
): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b)
    throw new Error(
      `${where}: expected gzip-compressed data, got ${bytes.length === 0 ? "an empty file" : `first bytes ${hex(bytes.subarray(0, 2))} instead of 1f 8b`}; check that it is the right file`,
    );
  let limit = typeof most === "number" ? most : undefined;
  let out = new Uint8Array(START);
  let length = 0;
  const learned = (): number => (typeof most === "number" ? most : most(out.subarray(0, length)));
  for await (const chunk of chunksOf([bytes], where)) {
    if (length >= START) limit ??= learned();
    const next = length + chunk.length;
    if (limit !== undefined && next > limit) throw tooLong(where, limit);
    if (next > out.length) out = grown(out, Math.max(next, hoped(bytes, limit)));
    out.set(chunk, length);
    length = next;
  }
  limit ??= learned();
  if (length > limit) throw tooLong(where, limit);
  return length === out.length ? out : out.slice(0, length);
}

const tooLong = (where: string, limit: number): Error =>
  new Error(
    `${where}: expected at most ${limit} bytes, got more when decompressing; replace it with an intact copy`,
  );

/**
 * What gzip-compressed pieces were compressed from, as it comes. No piece is asked for before it is needed, and nothing comes after
 * `most` bytes but an error.
 */
export async function* gunzipped(
  packed: AsyncIterable<Uint8Array>,
  { where, most }: { readonly where: string; readonly most: number },
): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of chunksOf(packed, where)) {
    length += chunk.length;
    if (length > most) throw tooLong(where, most);
    yield chunk;
  }
}

const accepted = (written: Promise<void>): Promise<boolean> =>
  written.then(
    () => true,
    () => false,
  );

async function* chunksOf(
  packed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  where: string,
): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new DecompressionStream("gzip");
  const writer = writable.getWriter();
  let lost: unknown; // why pieces could not be had
  const feed = async (): Promise<void> => {
    try {
      for await (const piece of packed) {
        const bytes = piece as Uint8Array<ArrayBuffer>;
        if (!(await accepted(writer.write(bytes)))) return;
      }
    } catch (error) {
      lost = error;
      await writer.abort(error);
    }
    await writer.close();
  };
  // What goes wrong while writing shows while reading.
  feed().catch(() => undefined);
  const reader = (readable as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        if (lost !== undefined) throw lost as Error;
        throw new Error(
          `${where}: cannot decompress, got damaged or truncated gzip data; replace it with an intact copy`,
          { cause: error },
        );
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined); // expansion goes no further
  }
}

/** What the end of the file says that it holds: only a hint of how much room to make, and none before it is known what it may. */
function hoped(bytes: Uint8Array, limit = 0): number {
  const said = bytes.subarray(-4).reduceRight((sum, byte) => sum * 256 + byte, 0);
  return Math.min(said, limit, MOST_RATIO * bytes.length);
}

/** At least twice as long, so that all copies together cost no more than the last. */
function grown(out: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(size, 2 * out.length));
  larger.set(out);
  return larger;
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
