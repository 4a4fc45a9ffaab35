/** The weights of an ONNX model: its initializers, and its Constant nodes, whose names are those of their outputs; in the graphs within it too. */
import {
  decodeModel,
  type AttributeProto,
  type GraphProto,
  type TensorProto,
} from "../onnx/index.ts";
import { brief } from "../train/json.ts";
import { bitsOf, dtypeBy } from "./dtypes.ts";
import { byteLength, entryOf, faultOf, type Entry, type LeftOut, type Weights } from "./entry.ts";
import { pieces, type Source } from "./source.ts";

/** A file beside another, by its name; nothing that is a path. */
export type Beside = (name: string) => Promise<Source>;

const dtypes = dtypeBy("onnx");
/** As large as one message may be. */
const MOST = 2 ** 31;

export async function onnxWeights(source: Source, beside: Beside): Promise<Weights> {
  const { where, size } = source;
  if (size > MOST)
    throw new Error(
      `${where}: expected a model of at most ${MOST} bytes, got ${size}; keep its weights in a file beside it`,
    );
  const { graph, metadataProps } = decodeModel(await source.read(0, size), where);
  const entries = new Map<string, Entry>();
  const leftOut: LeftOut[] = [];
  const add = (name: string, found: Entry | string): void => {
    if (typeof found === "string") leftOut.push({ name, why: found });
    else if (entries.has(name)) leftOut.push({ name, why: "another tensor has this name" });
    else entries.set(name, found);
  };
  const graphs: GraphProto[] = graph ? [graph] : [];
  for (let g = graphs.pop(); g; g = graphs.pop()) {
    for (const tensor of g.initializer) {
      const name = tensor.name ?? "";
      add(name, tensorEntry(name, tensor, where, beside));
    }
    for (const { opType, output, attribute } of g.node) {
      const [name = ""] = output;
      if (opType === "Constant")
        for (const a of attribute) add(name, constantEntry(name, a, where, beside));
      else for (const a of attribute) graphs.push(...(a.g ? [a.g] : []), ...a.graphs);
    }
  }
  const metadata = metadataProps.map(({ key = "", value = "" }) => [key, value] as const);
  return {
    ...{ format: "ONNX", leftOut, entries: [...entries.values()] },
    metadata: Object.fromEntries(metadata),
  };
}

function constantEntry(
  name: string,
  a: AttributeProto,
  where: string,
  beside: Beside,
): Entry | string {
  const f32 = (values: readonly number[], shape: readonly number[]): Entry =>
    entryOf(name, "F32", shape, () => new Uint8Array(Float32Array.from(values).buffer));
  const i64 = (values: readonly number[], shape: readonly number[]): Entry =>
    entryOf(name, "I64", shape, () => listed("I64", values));
  switch (a.name) {
    case "value":
      return a.t ? tensorEntry(name, a.t, where, beside) : "it has no value";
    case "value_float":
      return f32([a.f ?? 0], []);
    case "value_floats":
      return f32(a.floats, [a.floats.length]);
    case "value_int":
      return i64([a.i ?? 0], []);
    case "value_ints":
      return i64(a.ints, [a.ints.length]);
    default:
      return `a Constant with ${brief(a.name ?? "")}`;
  }
}

/** The tensor, or why it is left out. */
function tensorEntry(name: string, x: TensorProto, where: string, beside: Beside): Entry | string {
  const dtype = dtypes.get(x.dataType ?? 0);
  if (dtype === undefined)
    return `its type ${x.dataType ?? 0} is none of numbers that are known here`;
  const fault = faultOf(x.dims);
  if (fault !== undefined)
    throw new Error(
      `${where}: tensor ${brief(name)} has ${fault}, got ${brief(x.dims)}; export it again`,
    );
  const shape = x.dims;
  if (x.dataLocation === 1) return externalEntry({ name, dtype, shape }, x, where, beside);
  const bytes = x.rawData ?? listed(dtype, listOf(dtype, x));
  const size = byteLength({ dtype, shape });
  if (bytes.length !== size)
    throw new Error(
      `${where}: tensor ${brief(name)} of ${dtype} [${shape}] takes ${size} bytes, got ${bytes.length}; export it again`,
    );
  return entryOf(name, dtype, shape, () => bytes);
}

const listOf = (dtype: string, x: TensorProto): readonly number[] => {
  if (dtype === "F32" || dtype === "C64") return x.floatData;
  if (dtype === "F64" || dtype === "C128") return x.doubleData;
  if (dtype === "I64") return x.int64Data;
  return dtype === "U32" || dtype === "U64" ? x.uint64Data : x.int32Data;
};

/** Numbers of a list as the bytes of their type; of the narrow floats a list has the bits. */
function listed(dtype: string, values: readonly number[]): Uint8Array {
  if (dtype === "F32" || dtype === "C64") return new Uint8Array(Float32Array.from(values).buffer);
  if (dtype === "F64" || dtype === "C128") return new Uint8Array(Float64Array.from(values).buffer);
  const size = bitsOf(dtype)! / 8;
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  values.forEach((x, i) => {
    if (size === 8) view.setBigInt64(8 * i, BigInt.asIntN(64, BigInt(Math.trunc(x))), true);
    else if (size === 4) view.setUint32(4 * i, x, true);
    else if (size === 2) view.setUint16(2 * i, x, true);
    else view.setUint8(i, x);
  });
  return bytes;
}

/** A tensor in a file beside the model. */
function externalEntry(
  head: Pick<Entry, "name" | "dtype" | "shape">,
  { externalData }: TensorProto,
  where: string,
  beside: Beside,
): Entry {
  const said = new Map(externalData.map(({ key = "", value = "" }) => [key, value]));
  const offset = Number(said.get("offset") ?? 0);
  const size = byteLength(head);
  return {
    ...head,
    async *chunks() {
      const source = await beside(said.get("location") ?? "");
      if (!Number.isSafeInteger(offset) || offset < 0 || offset + size > source.size)
        throw new Error(
          `${where}: expected ${size} bytes of ${brief(head.name)} at ${brief(offset)} of ${source.where}, got ${source.size} in all; copy it again`,
        );
      yield* pieces(source, offset, offset + size);
    },
  };
}
