/** A growing ONNX graph: what lowerings write to. Names are counted, so the same graph gives the same bytes. */
import type { Dtype, Shape } from "../graph/index.ts";
import {
  AttributeType,
  DataType,
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "./proto.ts";
import type { Draft } from "./wire.ts";

export const elementType: Readonly<Record<Dtype | "int64", number>> = {
  float: DataType.FLOAT,
  int32: DataType.INT32,
  uint32: DataType.UINT32,
  bool: DataType.BOOL,
  int64: DataType.INT64,
};

/** Whole numbers become INT and INTS; write `{ float: 1 }` for a FLOAT, `{ floats: [1] }` for FLOATS. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly graph: Draft<GraphProto> };

export interface EmitOptions {
  readonly attrs?: Readonly<Record<string, Attribute>>;
  readonly outputs?: number;
  /** An operator set other than ONNX's own. */
  readonly domain?: string;
}

/**
 * What makes models faster and can be left out, to see what it is worth: images staying blocked from layer to layer, biases
 * and activations in the kernel of their convolution, the gradient of w as a blocked convolution, masks without comparisons.
 */
export const PASSES = ["layout", "epilogues", "weight-gradient", "masks"] as const;
/** One of these, by name. */
export type Pass = (typeof PASSES)[number];

/** What a runtime runs fastest; the plain target runs everywhere. */
export interface Target {
  /** Channels in a block of ONNX Runtime's internal convolution layout (16 with AVX-512, 8 with AVX2); 0 does without. */
  readonly block: number;
  /** Whether it is a graphics processor, where the forms of `device.ts` stay and no branch is taken. */
  readonly device?: boolean;
  readonly without?: readonly Pass[];
}
export const plainTarget: Target = { block: 0 };
/** WebGPU's. Its shaders need not keep infinities, which masks rest on. */
export const deviceTarget: Target = { block: 0, device: true, without: ["masks"] };

export interface Emitter extends Target {
  readonly opset: number;
  /** Whether a pass is on. */
  does(pass: Pass): boolean;
  /** Appends a node and returns the name of its first output (the others are that name with ":1", ":2", ...). */
  emit(op: string, inputs: readonly string[], options?: EmitOptions): string;
  /** The name of a constant; equal constants are stored once, unless they have a name of their own. */
  constant(data: ArrayLike<number>, shape: Shape, dtype: Dtype | "int64", name?: string): string;
  /**
   * One of two float values of `shape`, computed as it is chosen; neither may ask for values that are made once. `then` must be right
   * in either case: on a device, which would have to be waited for, it is always taken.
   */
  branch(
    condition: () => string,
    shape: Shape,
    branches: { readonly then: () => string; readonly otherwise: () => string },
  ): string;
  /** `make()` once per key: what several lowerings share. */
  once(key: string, make: () => string): string;
}

/** A node or a constant as it is written. */
export type NodeDraft = Draft<NodeProto> & Pick<NodeProto, "output">;
export type TensorDraft = Draft<TensorProto> & { readonly name: string };

/** An emitter and what has been written to it. */
export interface Emitted {
  readonly emitter: Emitter;
  readonly nodes: NodeDraft[];
  readonly initializers: TensorDraft[];
  readonly domains: Set<string>;
}
/** `apart`: equal constants are stored as often as they are used, so that each can be told from the others. */
export function emitter(
  opset: number,
  target: Target,
  { apart = false }: { readonly apart?: boolean } = {},
): Emitted {
  const nodes: Emitted["nodes"] = [];
  const initializers: Emitted["initializers"] = [];
  const domains = new Set<string>();
  const shared = new Map<string, string>();
  const once = (key: string, make: () => string): string => {
    const name = shared.get(key) ?? make();
    shared.set(key, name);
    return name;
  };
  let count = 0;
  let into = nodes; // the nodes of a branch go into a graph of their own
  const emit: Emitter["emit"] = (op, inputs, { attrs = {}, outputs = 1, domain = "" } = {}) => {
    const name = `${op}_${count++}`;
    domains.add(domain);
    into.push({
      name,
      opType: op,
      domain,
      input: [...inputs],
      output: Array.from({ length: outputs }, (_, i) => (i === 0 ? name : `${name}:${i}`)),
      attribute: Object.entries(attrs).map(([key, value]) => ({
        name: key,
        ...attributeValue(value),
      })),
    });
    return name;
  };
  const graphOf = (name: string, shape: Shape, make: () => string): Draft<GraphProto> => {
    const outer = into;
    const node: NodeDraft[] = [];
    into = node;
    const made = make();
    into = outer;
    const dims = shape.map((d) => ({ dimValue: d }));
    const type = { tensorType: { elemType: elementType.float, shape: { dim: dims } } };
    return { name, node, output: [{ name: made, type }] };
  };
  return {
    nodes,
    initializers,
    domains,
    emitter: {
      ...target,
      opset,
      does: (pass) => !target.without?.includes(pass),
      once,
      emit,
      branch: (condition, shape, { then, otherwise }) =>
        target.device
          ? then()
          : emit("If", [condition()], {
              attrs: {
                then_branch: { graph: graphOf("then", shape, then) },
                else_branch: { graph: graphOf("else", shape, otherwise) },
              },
            }),
      constant(data, shape, dtype, own) {
        const rawData = littleEndian(data, dtype);
        const add = (): string => {
          const name = own ?? `const_${initializers.length}`;
          initializers.push({ name, dims: [...shape], dataType: elementType[dtype], rawData });
          return name;
        };
        return apart || own !== undefined || data.length > 1024
          ? add()
          : once(`${dtype} [${shape}] ${rawData.join(" ")}`, add);
      },
    },
  };
}

function attributeValue(value: Attribute): Draft<AttributeProto> {
  if (typeof value === "number") return { type: AttributeType.INT, i: value };
  if (typeof value === "string")
    return { type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if ("graph" in value) return { type: AttributeType.GRAPH, g: value.graph };
  if ("float" in value) return { type: AttributeType.FLOAT, f: value.float };
  if ("floats" in value) return { type: AttributeType.FLOATS, floats: [...value.floats] };
  return { type: AttributeType.INTS, ints: [...value] };
}

const arrays = { float: Float32Array, int32: Int32Array, uint32: Uint32Array, bool: Uint8Array };
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The bytes of numbers; of an array that has them already a view. */
function littleEndian(data: ArrayLike<number>, dtype: Dtype | "int64"): Uint8Array {
  if (dtype === "int64") {
    const view = new DataView(new ArrayBuffer(8 * data.length));
    for (let i = 0; i < data.length; i++) view.setBigInt64(8 * i, BigInt(data[i]), true);
    return new Uint8Array(view.buffer);
  }
  const typed = data instanceof arrays[dtype] ? data : arrays[dtype].from(data);
  const bytes = new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
  const width = typed.BYTES_PER_ELEMENT;
  if (IS_LITTLE_ENDIAN || width === 1) return bytes;
  return Uint8Array.from(bytes, (_, i) => bytes[i - (i % width) + width - 1 - (i % width)]);
}
