/** Where a layer gets its surroundings from: names, parameters, updates, the mode and the normalization in force. */
import { add, parameter, type Node, type Parameter, type ParameterOptions, type Shape, type Update } from "../graph/index.ts";
import type { Norm } from "./norm.ts";

/**
 * `init` computes the data-dependent initialization of every layer, in order, and sets it through updates; `train` uses
 * minibatch statistics and noise; `eval` uses running averages and no noise.
 */
export type Mode = "init" | "train" | "eval";

/** A layer is a function; it makes its parameters anew, by name, each time a network is traced. */
export type Layer = (scope: Scope, x: Node) => Node;

export interface Scope {
  readonly mode: Mode;
  /** The normalization of every layer that does not name its own. */
  readonly norm: Norm;
  /** Where names start, e.g. "encoder.conv1". */
  readonly path: string;
  /** A scope below this one called `name`, or the kind with a count: conv1, conv2, ... */
  child(kind: string, name?: string): Scope;
  parameter(name: string, shape: Shape, options: ParameterOptions): Parameter;
  update(parameter: Parameter, next: Node): void;
  /** Randomness for one call site; the trace needs a `key`. */
  random(): { readonly key: Node; readonly stream: number };
  /** Keeps a value by name for whoever runs the trace: pre-activations, counts of dead units. */
  report(what: "preactivations" | "dead", node: Node): void;
}

export interface TraceOptions {
  readonly mode: Mode;
  readonly norm: Norm;
  /** A uint32 [2] input, a fresh key every step; needed by dropout and noise. */
  readonly key?: Node;
}

/** A network written out as a graph. */
export interface Trace<T> {
  readonly value: T;
  /** What optimizers change, in order of creation. */
  readonly parameters: readonly Parameter[];
  /** Initialization in mode `init`, running averages in mode `train`. */
  readonly updates: readonly Update[];
  /** By layer: what goes into its activation function. */
  readonly preactivations: Readonly<Record<string, Node>>;
  /** By layer, in mode `init`: how many units had no variance on the batch and kept their scale. */
  readonly dead: Readonly<Record<string, Node>>;
}

/** Writes out the network `f` once, in one mode. */
export function trace<T>(f: (scope: Scope) => T, { mode, norm, key }: TraceOptions): Trace<T> {
  const parameters = new Map<string, Parameter>();
  const updates: Update[] = [];
  const reports = { preactivations: {} as Record<string, Node>, dead: {} as Record<string, Node> };
  let streams = 0;

  const scopeAt = (path: string): Scope => {
    const counts = new Map<string, number>();
    const under = (name: string): string => (path === "" ? name : `${path}.${name}`);
    return {
      mode,
      norm,
      path,
      child(kind, name) {
        const count = (counts.get(kind) ?? 0) + 1;
        counts.set(kind, count);
        return scopeAt(under(name ?? `${kind}${count}`));
      },
      parameter(name, shape, options) {
        const full = under(name);
        if (parameters.has(full)) throw new Error(`scope: parameter "${full}" is made twice; give one of the layers another \`name\``);
        const made = parameter(full, shape, options);
        parameters.set(full, made);
        return made;
      },
      update: (p, next) => void updates.push({ parameter: p, next }),
      random() {
        if (!key) throw new Error(`scope: ${path || "the network"} needs randomness and the trace has no key; pass \`key: input("key", [2], "uint32")\``);
        return { key, stream: streams++ };
      },
      report(what, node) {
        let name = path;
        for (let i = 2; name in reports[what]; i++) name = `${path}#${i}`; // a recurrent cell reports every step
        reports[what][name] = node;
      },
    };
  };
  const value = f(scopeAt(""));
  return { value, parameters: [...parameters.values()].filter((p) => p.attrs.trainable), updates, ...reports };
}

/** Layers one after the other. */
export const sequential =
  (...layers: readonly Layer[]): Layer =>
  (scope, x) =>
    layers.reduce((y, layer) => layer(scope, y), x);

/** A function of one tensor as a layer: `apply(relu)`. */
export const apply =
  (f: (x: Node) => Node): Layer =>
  (_, x) =>
    f(x);

/** x + f(x), the layers of `f` one after the other; `shortcut` brings x to another shape where f changes it. */
export const residual =
  (layers: readonly Layer[], { shortcut, name }: { readonly shortcut?: Layer; readonly name?: string } = {}): Layer =>
  (scope, x) => {
    const inner = scope.child("residual", name);
    const y = sequential(...layers)(inner, x);
    const straight = shortcut ? shortcut(inner, x) : x;
    if (`${y.shape}` !== `${straight.shape}`)
      throw new Error(`residual: the block gives [${y.shape}] and its shortcut [${straight.shape}]; pass a \`shortcut\` layer of the block's shape`);
    return add(y, straight);
  };
