/** Models as bytes: what ONNX's own package says of its messages, and how it writes and reads them. */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodeModel, encodeModel, messages, type ModelProto } from "../../src/onnx/proto.ts";

type Type = string | (() => object);
type Table = Readonly<Record<string, readonly [no: number, type: Type | readonly [Type]]>>;
interface Golden {
  /** By message and field: its number, its type, whether it is repeated. */
  readonly messages: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  /** Base64. */
  readonly bytes: string;
  /** In protobuf's JSON: whole numbers of 64 bits as text, bytes in base64, no empty lists. */
  readonly model: Json;
}
type Described = readonly [no: number, type: string, repeated: boolean];
type Json = Readonly<Record<string, unknown>>;

const golden = JSON.parse(
  readFileSync(new URL("../golden/onnx_messages.json", import.meta.url), "utf8"),
) as Golden;
const bytes = new Uint8Array(Buffer.from(golden.bytes, "base64"));
const tables = messages as Readonly<Record<string, Table>>;

describe("the tables of fields", () => {
  const nameOf = (type: Type): string =>
    typeof type === "string"
      ? type
      : Object.keys(messages).find((name) => messages[name] === type())!;
  const known = (name: string): Readonly<Record<string, Described>> =>
    Object.fromEntries(
      Object.entries(tables[name]).map(([key, [no, type]]) => [
        key,
        typeof type === "object" ? [no, nameOf(type[0]), true] : [no, nameOf(type), false],
      ]),
    );
  test.each(Object.keys(messages))("%s is as in ONNX", (name) => {
    expect(golden.messages[name]).toMatchObject(known(name));
    const numbers = Object.values(tables[name]).map(([no]) => no);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });
  test("what they leave out is known", () => {
    const left = Object.entries(golden.messages).flatMap(([name, fields]) =>
      Object.keys(fields)
        .filter((key) => !(key in tables[name]))
        .map((key) => `${name}.${key}`),
    );
    expect(left).toEqual([
      "ModelProto.trainingInfo",
      "ModelProto.functions",
      "GraphProto.sparseInitializer",
      "GraphProto.quantizationAnnotation",
      "AttributeProto.sparseTensor",
      "AttributeProto.sparseTensors",
      "TensorProto.segment",
      "TypeProto.sequenceType",
      "TypeProto.mapType",
      "TypeProto.optionalType",
      "TypeProto.sparseTensorType",
      "TypeProto.opaqueType",
    ]);
  });
});

/** A message in protobuf's JSON as ours. */
function ours(table: Table, json: Json): Json {
  const one = (type: Type, x: unknown): unknown => {
    if (typeof type === "function") return ours(type() as Table, x as Json);
    if (type === "bytes") return new Uint8Array(Buffer.from(x as string, "base64"));
    if (type === "float") return Math.fround(x as number);
    return type === "string" ? x : Number(x);
  };
  return Object.fromEntries(
    Object.entries(table).flatMap(([key, [, type]]) => {
      const value = json[key];
      if (typeof type === "object")
        return [[key, ((value ?? []) as readonly unknown[]).map((x) => one(type[0], x))] as const];
      return value === undefined ? [] : [[key, one(type, value)] as const];
    }),
  );
}

describe("a model that ONNX's own package wrote", () => {
  const model = decodeModel(bytes, "model");
  const written = encodeModel(model);
  test("is read as it was meant", () => {
    expect(model).toEqual(ours(tables["ModelProto"], golden.model));
  });
  test("is the same when it is written and read again", () => {
    expect(decodeModel(written, "model")).toEqual(model);
    expect(encodeModel(decodeModel(written, "model"))).toEqual(written);
  });
  test("keeps the largest int64, which stands for no end", () => {
    const largest = Buffer.from([0x18, ...Array<number>(8).fill(0xff), 0x7f]); // field 3, i
    expect(Buffer.from(bytes).includes(largest)).toBe(true);
    expect(Buffer.from(written).includes(largest)).toBe(true);
  });
  test("keeps its weights where they are", () => {
    const raw = model.graph!.initializer.find(({ name }) => name === "raw")!;
    expect(raw.rawData).toHaveLength(5000);
    expect(raw.rawData!.buffer).toBe(bytes.buffer);
  });
  test("is written without room to spare", () => {
    expect(written.buffer.byteLength).toBe(written.length);
  });
  test("that is cut off is an error, wherever it is cut within the graph", () => {
    const text = (end: number): string => {
      try {
        decodeModel(bytes.subarray(0, end), "net.onnx");
        return "none";
      } catch (error) {
        return (error as Error).message;
      }
    };
    const start = bytes.length - encodeModel({ graph: model.graph! }).length;
    expect(text(Math.floor(bytes.length / 2))).toBe(
      "net.onnx: expected an ONNX model, got bytes that are none (something in them ends too early); check that the file is whole",
    );
    const cuts = fc.integer({ min: start + 200, max: bytes.length - 200 });
    fc.assert(fc.property(cuts, (end) => text(end).startsWith("net.onnx: expected an ONNX model")));
  });
});

test("bytes that are no model are an error or a model, and nothing else", () => {
  const changed = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1 });
  fc.assert(
    fc.property(changed, (changes) => {
      const other = bytes.slice();
      for (const [at, to] of changes) other[at] = to;
      try {
        decodeModel(other, "model");
      } catch (error) {
        expect((error as Error).message).toMatch(
          /^model: expected an ONNX model, got bytes that are none \(.*\); check that the file is whole$/s,
        );
      }
    }),
  );
});

test("a field of another type is named", () => {
  const model = new Uint8Array([0x0a, 0x01, 0x78]); // field 1, irVersion, as text
  expect(() => decodeModel(model, "net.onnx")).toThrow(
    "net.onnx: expected an ONNX model, got bytes that are none (irVersion is of another type); check that the file is whole",
  );
});

test("what is written is read again, whatever the numbers and names", () => {
  const whole = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 }));
  const list = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 5 });
  const large = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
  const unsigned = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 40 }));
  const tensor = fc.record(
    {
      ...{ dims: list(whole), floatData: list(fc.float({ noNaN: true })), int64Data: list(whole) },
      ...{ int32Data: list(fc.integer()), doubleData: list(fc.double()) },
      ...{ stringData: list(fc.uint8Array()), uint64Data: list(unsigned) },
      externalData: fc.constant([]),
      ...{
        name: fc.string({ unit: "binary" }),
        rawData: fc.oneof(fc.uint8Array(), fc.constant(large)),
      },
    },
    { requiredKeys: ["dims", "floatData", "int64Data", "int32Data", "doubleData", "stringData"] },
  );
  fc.assert(
    fc.property(list(tensor), whole, (initializer, irVersion) => {
      const graph = { initializer, node: [], input: [], output: [], valueInfo: [] };
      const model = { irVersion, graph, opsetImport: [], metadataProps: [] };
      const read: ModelProto = decodeModel(encodeModel(model), "model");
      const full = initializer.map((t) => ({ uint64Data: [], externalData: [], ...t }));
      expect(read).toEqual({ ...model, graph: { ...graph, initializer: full } });
    }),
  );
});
