/**
 * The safetensors format (https://github.com/huggingface/safetensors#format): the length of the header as uint64, a JSON
 * header that gives every tensor its dtype, shape and range of bytes, then those bytes without a gap, little-endian (as
 * are the typed arrays of every platform that ONNX Runtime has).
 */
import { brief, word } from "./json.ts";
import { sizeOf, type Shape } from "../graph/index.ts";
import type { Tensor } from "../runtime/program.ts";
import { headerBytes, headerEnd, laidOut, parseHeader } from "./safetensors-header.ts";
import { codeByName, writtenAs, type Code } from "./safetensors-types.ts";

/** What a .safetensors file holds. */
export interface Safetensors {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Record<string, string>;
  /** What is in the file and cannot be held here, in the order of the file. */
  readonly skipped: readonly Skipped[];
}
/** A tensor of another type than ours, or with integers that are too large. */
export interface Skipped {
  readonly name: string;
  /** As the file says it. */
  readonly dtype: string;
  readonly shape: Shape;
  readonly why: string;
}

/** The same tensors and metadata, in whatever order, give the same bytes. */
export function encode(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = laidOut(
    [...tensors].map(([name, x]) => {
      const { name: dtype, bits } = codeOf(name, x);
      return { name, dtype, bits, shape: x.shape, size: x.data.byteLength };
    }),
  );
  const header = headerBytes(entries, metadata);
  const bytes = new Uint8Array(header.length + entries.reduce((sum, { size }) => sum + size, 0));
  bytes.set(header);
  let at = header.length;
  for (const { name } of entries) {
    const { data } = tensors.get(name)!;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Tensors (in the order of the file) and metadata; `where` names the file in messages. Narrower floats become float32, other
 * integers int32. A tensor that cannot be held is no error, but one among `skipped`; to ask for one by name use `tensorOf`.
 */
export function decode(bytes: Uint8Array, where: string): Safetensors {
  const start = headerEnd(bytes, bytes.length, where);
  const { entries, metadata } = parseHeader(bytes.subarray(0, start), bytes.length, where);
  const tensors = new Map<string, Tensor>();
  const skipped: Skipped[] = [];
  for (const { name, dtype, shape, begin, end } of entries) {
    const copy = new Uint8Array(bytes.subarray(begin, end)); // its offset need not be aligned
    const read = codeByName.get(dtype)?.read;
    const held = read
      ? read(copy.buffer, `${where}: tensor ${brief(name)}`)
      : "there is no such type here";
    if (typeof held === "string") skipped.push({ name, dtype, shape, why: held });
    else tensors.set(name, { dtype: held.dtype, shape, data: held.data });
  }
  return { tensors, metadata, skipped };
}

/** The tensor of that name; an error that says why there is none. */
export function tensorOf({ tensors, skipped }: Safetensors, name: string, where: string): Tensor {
  const x = tensors.get(name);
  if (x) return x;
  const left = skipped.find((s) => s.name === name);
  throw new Error(
    left
      ? `${where}: tensor ${brief(name)} was not read, got ${word(left.dtype)} ${brief(left.shape)}, and ${left.why}; convert it to float`
      : `${where}: there is no tensor ${brief(name)}, got ${[...tensors.keys()].slice(0, 5).map(brief).join(", ") || "none"}${tensors.size > 5 ? ` and ${tensors.size - 5} more` : ""}; check the name`,
  );
}

function codeOf(name: string, { dtype, shape, data }: Tensor): Code {
  if (name === "__metadata__")
    throw new Error(
      `safetensors: "__metadata__" is the format's own name, got a tensor of that name; rename it`,
    );
  const code = codeByName.get(writtenAs[dtype](data) ?? "");
  if (!code)
    throw new Error(
      `safetensors: "${name}" is ${dtype}, got its data as ${data.constructor.name}; make it with \`tensor\``,
    );
  if (data.length !== sizeOf(shape))
    throw new Error(
      `safetensors: "${name}" has shape [${shape}], got ${data.length} values; make it with \`tensor\``,
    );
  return code;
}
