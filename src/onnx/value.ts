/**
 * A value of the model, in two layouts. Natural is row-major, as the graph says it. Blocked is ONNX Runtime's internal
 * layout for images [n, c, h, w]: in memory [n, c/b, h, w, b], channels in blocks that fill a vector register, under the
 * same logical shape. What is elementwise does not care; convolutions and poolings are faster on blocked images.
 */
import { sizeOf, type Node, type Shape } from "../graph/index.ts";
import { elementType, type Attribute, type Emitter } from "./emit.ts";
import { reshapeTo } from "./shapes.ts";

/** "either": as cheap to compute in one layout as in the other, and not computed before someone asks. */
export type Layout = "natural" | "blocked" | "either";

/** What a convolution may do to the elements it writes: add a bias, one number a channel, then apply a function. */
export interface Epilogue {
  readonly bias?: string;
  readonly activate?: readonly [name: "Relu" | "LeakyRelu" | "Clip", params: readonly number[]];
}
/** How a node is computed where the blocked layout has something to say about it. */
export interface Form {
  /** The layout of what `emit` names; "either" names a blocked value, the natural one being lowered as usual. */
  readonly layout: Layout;
  readonly emit: () => string;
  /** The same with `epilogue` applied on the way out, if there is room for it. */
  readonly extend?: ((epilogue: Epilogue) => Form | null) | undefined;
}

export interface Value {
  readonly node: Node;
  readonly layout: Layout;
  /** The nodes that use it, and outputs of the model. */
  readonly uses: number;
  /** Its name in the model in each layout; what is not there yet is emitted when first asked for. */
  readonly natural: () => string;
  readonly blocked: () => string;
  readonly extend: Form["extend"];
}

export interface ValueOptions {
  readonly node: Node;
  readonly uses: number;
  readonly form: Form | null;
  /** Emits the natural value. */
  readonly lower: () => string;
}
export function value({ node, uses, form, lower }: ValueOptions, e: Emitter): Value {
  const own = once(form?.emit ?? lower);
  const layout = form?.layout ?? "natural";
  const natural = {
    natural: own,
    blocked: once(() => toNatural(own(), node, e)),
    either: once(lower),
  }[layout];
  const blocked = layout === "natural" ? once(() => toBlocked(own(), node, e)) : own;
  // What others also read has to be there without an epilogue.
  const extend = uses === 1 && e.does("epilogues") ? form?.extend : undefined;
  return { node, uses, layout, natural, blocked, extend };
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}

const NCHWC = "com.microsoft.nchwc";
/** An operator of the blocked layout. */
export const nchwc = (
  e: Emitter,
  op: string,
  inputs: readonly string[],
  attrs: Readonly<Record<string, Attribute>> = {},
): string => e.emit(op, inputs, { domain: NCHWC, attrs });

/** Whether values of this shape have a blocked layout. */
export const isBlockable = ({ shape }: Pick<Node, "shape">, { block }: Emitter): boolean =>
  block > 0 && shape.length === 4 && shape[1] % block === 0 && sizeOf(shape) > 0;

/** One element a channel is the same in both layouts. */
const isPoint = ({ shape }: Node): boolean => shape[2] === 1 && shape[3] === 1;

const toNatural = (name: string, n: Node, e: Emitter): string =>
  isPoint(n)
    ? name
    : asFloat(n, e, name, (x) => nchwc(e, "ReorderOutput", [x], { channels: n.shape[1] }));
const toBlocked = (name: string, n: Node, e: Emitter): string =>
  isPoint(n) ? name : asFloat(n, e, name, (x) => nchwc(e, "ReorderInput", [x]));

/** Only floats can be reordered. */
function asFloat(n: Node, e: Emitter, name: string, reorder: (x: string) => string): string {
  if (n.dtype === "float") return reorder(name);
  const cast = (x: string, to: number): string => e.emit("Cast", [x], { attrs: { to } });
  return cast(reorder(cast(name, elementType.float)), elementType[n.dtype]);
}

/** A blocked image by its memory, [n, c/b, h, w, b], and back. */
export const viewShape = ([n, c, h, w]: Shape, { block }: Emitter): Shape => [
  n,
  c / block,
  h,
  w,
  block,
];
export const view = (x: string, shape: Shape, e: Emitter): string =>
  e.once(`view ${x}`, () => reshapeTo(e, x, viewShape(shape, e)));
