/** What running means: inputs to outputs, carrying state from step to step. Every runtime implements this one page. */
import { hash, keyOf } from "../graph/hash.ts";
import { checkNumbers } from "../graph/numbers.ts";
import { normalQuantiles } from "../graph/special.ts";
import {
  described,
  optionsOf,
  parametersOf,
  sizeOf,
  topological,
  type Dtype,
  type Input,
  type Node,
  type Parameter,
  type Shape,
  type Update,
} from "../graph/index.ts";

/** The elements of a {@link Tensor}. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** A value outside a graph, row-major. `float` data is Float64Array in the reference interpreter, Float32Array elsewhere. */
export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: Shape;
  /**
   * The elements, which are not to be changed: runtimes know values by their tensors, so a new value is a new tensor. Of a value with a
   * {@link Place} they are good only as long as its place says: `read` it.
   */
  readonly data: TensorData;
  /** Where it lies, if not in an array of its own. */
  readonly place?: Place;
}

/**
 * Where a runtime keeps what its steps change, so that nothing is copied from one to the next: memory that is written over, or
 * a device. A value in a place is good until a step replaces it; what is to last longer is read.
 */
export interface Place {
  /** What messages call it. */
  readonly name: string;
  /** Copies of the elements of values that lie here. */
  read(values: readonly Tensor[]): Promise<readonly TensorData[]>;
  /** Frees a value that lies here: a step has replaced it. */
  dispose?(value: Tensor): void;
}

/**
 * The values of parameters, by name. A program reads it and replaces what its updates name, all at once, by values where its
 * runtime keeps them; plain tensors may be put in at any time.
 */
export type State = Map<string, Tensor>;

/** What to compile: outputs to compute, and parameters to update. */
export interface ProgramSpec {
  /** What `run` will be given; the graph may use no other inputs. */
  readonly inputs?: readonly Input[];
  /** What `run` may be given as well, which the graph has no use for. */
  readonly unused?: readonly Input[];
  readonly outputs?: Readonly<Record<string, Node>>;
  readonly updates?: readonly Update[];
  /** Whether a run is refused, and the state stays as it was, where an update is not finite: what runs once is not noticed later. */
  readonly finite?: boolean;
  /** Outputs that must be finite numbers for the state to change: a run where one is not returns it, and leaves the state as it was. */
  readonly watch?: readonly string[];
}

/** A compiled graph: what {@link Runtime} makes of a {@link ProgramSpec}. */
export interface Program {
  /** The parameters it reads or writes. */
  readonly parameters: readonly Parameter[];
  /**
   * One step: computes the outputs from `feeds` and `state`, then lets `state` take its updates. A run that fails leaves it as
   * it was; runs that change one state, of whatever programs, wait for each other, and those that read it for these.
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    state: State,
  ): Promise<Readonly<Record<string, Tensor>>>;
  /** Frees native memory once nothing runs; the program cannot run afterwards. */
  release(): Promise<void>;
}

/** A model of ONNX as it stands. */
export interface Session {
  /** Outputs by name from inputs by name. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  /** Frees native memory once nothing runs; the session cannot run afterwards. */
  release(): Promise<void>;
}

/** What runs programs: `nodeRuntime()`, `webRuntime()`, or the float64 {@link reference}. */
export interface Runtime {
  readonly name: string;
  /** Checks a graph and makes it ready to run, for the shapes that it has. */
  compile(spec: ProgramSpec): Promise<Program>;
  /** For linear algebra beside training: in a model, floats that come as Float64Array are doubles. Not in the reference. */
  open?(model: Uint8Array): Promise<Session>;
}

const arrays = { int32: Int32Array, uint32: Uint32Array, bool: Uint8Array } as const;

/**
 * A tensor of flat, row-major numbers; float data becomes Float32Array unless it is one of the float arrays already. Throws at a
 * number that `dtype` does not hold; arrays of its own type are taken as they are.
 */
export function tensor(
  data: ArrayLike<number> | number,
  shape?: Shape,
  dtype: Dtype = "float",
): Tensor {
  const list = typeof data === "number" ? [data] : data;
  if (!isList(list))
    throw new Error(`tensor: expected numbers, got ${kindOf(list)}; give an array of them`);
  const dims = shape ?? (typeof data === "number" ? [] : [list.length]);
  if (list.length !== sizeOf(dims))
    throw new Error(
      `tensor: ${list.length} values do not fill shape [${dims}]; give ${sizeOf(dims)}`,
    );
  return { dtype, shape: dims, data: isArrayOf(dtype, list) ? list : arrayOf(dtype, list) };
}

const kindOf = (x: unknown): string => (x === null ? "null" : typeof x);
/** Plain JavaScript may give anything. */
const isList = (x: unknown): boolean =>
  typeof x === "object" && x !== null && "length" in x && typeof x.length === "number";
const isArrayOf = (dtype: Dtype, x: unknown): x is TensorData =>
  dtype === "float"
    ? x instanceof Float32Array || x instanceof Float64Array
    : x instanceof arrays[dtype];
function arrayOf(dtype: Dtype, list: ArrayLike<number>): TensorData {
  checkNumbers("tensor", list, dtype);
  return dtype === "float" ? Float32Array.from(list) : arrays[dtype].from(list);
}

/** The one number in a scalar tensor. */
export function item(x: Tensor | undefined): number {
  if (x?.data.length !== 1)
    throw new Error(
      `item: expected one value, got ${x ? `shape [${x.shape}]` : "nothing"}; reduce it first`,
    );
  return x.data[0];
}

/** A random key for `step` of the run with `seed`, to feed a uint32 [2] input. */
export const keyTensor = (...parts: readonly (number | string)[]): Tensor =>
  tensor(Uint32Array.from(keyOf(...parts)), [2], "uint32");

/** First values for `parameters`, a pure function of their descriptions and `seed`. */
export function initialState(parameters: readonly Parameter[], seed: number): State {
  const state: State = new Map();
  const byName = new Map(parameters.map((p) => [p.attrs.name, p]));
  for (const p of parameters)
    state.set(p.attrs.name, tensor(firstValues(p, seed, byName), p.shape, p.dtype));
  return state;
}

function firstValues(
  p: Parameter,
  seed: number,
  byName: ReadonlyMap<string, Parameter>,
): TensorData {
  const { init, name } = p.attrs;
  const n = sizeOf(p.shape);
  const make = (value: (i: number) => number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => value(i));
  const values = (): ArrayLike<number> => {
    switch (init.kind) {
      case "constant":
        return make(() => init.value);
      case "values":
        return init.values;
      case "copy": {
        const source = byName.get(init.of);
        if (!source)
          throw new Error(
            `initialState: "${name}" copies "${init.of}", which is not among the parameters; pass both`,
          );
        return firstValues(source, seed, byName);
      }
      case "normal": {
        const key = keyOf(seed, init.stream ?? name);
        const quantiles = normalQuantiles();
        return make((i) => {
          const position = (hash(i, key) / 2 ** 32) * (quantiles.length - 1);
          const cell = Math.floor(position);
          const low = quantiles[cell];
          return init.std * (low + (quantiles[cell + 1] - low) * (position - cell));
        });
      }
      case "uniform": {
        const key = keyOf(seed, init.stream ?? name);
        return make((i) => init.limit * (2 * (hash(i, key) / 2 ** 32) - 1));
      }
    }
  };
  return arrayOf(p.dtype, values());
}

const knownOfSpec = optionsOf<ProgramSpec>("compile", {
  inputs: "optional",
  unused: "optional",
  outputs: "optional",
  updates: "optional",
  finite: "optional",
  watch: "optional",
});
/** What a spec asks for, checked: the roots to compute and the parameters they rest on. */
export function checkSpec(spec: ProgramSpec): {
  readonly roots: readonly Node[];
  readonly parameters: readonly Parameter[];
} {
  const { inputs = [], outputs = {}, updates = [], watch = [] } = knownOfSpec(spec);
  if (!isStrings(watch))
    throw new Error(
      `compile: \`watch\` must be a list of outputs, got ${described(watch)}; write ["loss"]`,
    );
  for (const name of watch)
    if (!Object.hasOwn(outputs, name))
      throw new Error(
        `compile: \`watch\` names an output, got "${name}"; the outputs are ${Object.keys(outputs).join(", ") || "none"}`,
      );
  const roots = [...Object.values(outputs), ...updates.map((u) => u.next)];
  const declared = new Map(inputs.map((x) => [x.attrs.name, x]));
  for (const n of topological(roots)) {
    if (n.op !== "input") continue;
    const { name } = n.attrs;
    const x = declared.get(name);
    if (!x)
      throw new Error(
        `compile: the graph uses input "${name}", which \`inputs\` does not list; add it there`,
      );
    if (x.dtype !== n.dtype || `${x.shape}` !== `${n.shape}`)
      throw new Error(
        `compile: the graph uses input "${name}" as ${n.dtype} [${n.shape}], but \`inputs\` has ${x.dtype} [${x.shape}]; give one of them another name`,
      );
  }
  const seen = new Set<string>();
  for (const { parameter: p, next } of updates) {
    if (seen.has(p.attrs.name))
      throw new Error(
        `compile: "${p.attrs.name}" is updated twice, got two values for one parameter; combine them`,
      );
    seen.add(p.attrs.name);
    if (`${p.shape}` !== `${next.shape}` || p.dtype !== next.dtype)
      throw new Error(
        `compile: the update of "${p.attrs.name}" is ${next.dtype} [${next.shape}], expected ${p.dtype} [${p.shape}]; give it the parameter's shape`,
      );
  }
  return { roots, parameters: parametersOf([...roots, ...updates.map((u) => u.parameter)]) };
}

const isStrings = (x: unknown): x is readonly string[] =>
  Array.isArray(x) && x.every((name) => typeof name === "string");

/** `feeds` and `state` for one run, checked against what the program was compiled for; `advice` is for what is missing. */
export function checkFeed(
  what: string,
  declared: { readonly name: string; readonly shape: Shape; readonly dtype: Dtype },
  x: Tensor | undefined,
  advice: () => string = () => "add it",
): Tensor {
  const expected = (): string => `${declared.dtype} [${declared.shape}]`;
  if (!x)
    throw new Error(
      `run: ${what} "${declared.name}" is missing, expected ${expected()}; ${advice()}`,
    );
  if (x.dtype !== declared.dtype || !isShape(x.shape, declared.shape))
    throw new Error(
      `run: ${what} "${declared.name}" is ${x.dtype} [${x.shape}], expected ${expected()}; the program was compiled for that shape`,
    );
  if (!x.place && (!isArrayOf(x.dtype, x.data) || x.data.length !== sizeOf(x.shape)))
    throw new Error(
      `run: ${what} "${declared.name}" says it is ${expected()}, got ${x.data.length} values in ${x.data.constructor.name}; make it with tensor()`,
    );
  return x;
}
/** Steps ask this of every parameter, whose shape is mostly the same list. */
const isShape = (a: Shape, b: Shape): boolean =>
  a === b || (a.length === b.length && a.every((d, axis) => d === b[axis]));
