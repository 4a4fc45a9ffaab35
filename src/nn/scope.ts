/** What a layer gets to see: names, parameters, updates, the mode and the normalization in force. */
import type { Node, Parameter, ParameterOptions, Shape } from "../graph/index.ts";

/**
 * `init` computes the data-dependent initialization of every layer, in order, and sets it through updates; `train` uses
 * minibatch statistics and noise; `eval` uses running averages and no noise.
 */
export type Mode = "init" | "train" | "eval";

/** A layer is a function; it makes its parameters anew, by name, each time a network is traced. */
export type Layer = (scope: Scope, x: Node) => Node;

/** A batch that is a share of a larger one, the rest of which other processes have. */
export interface PartOfBatch {
  /** How many times as many examples the whole batch has. */
  readonly times: number;
  /** The mean over the whole batch, of a mean over this part; for updates alone, as it is there only after the gradients. */
  mean(ofPart: Node): Node;
}

/** What a layer gets to see while a network is traced. */
export interface Scope {
  readonly mode: Mode;
  /** The normalization of every layer that does not name its own. */
  readonly norm: Norm;
  /** In mode `train`, where the batch is a part of a larger one. */
  readonly part?: PartOfBatch;
  /** Where names start, e.g. "encoder.conv1". */
  readonly path: string;
  /** A scope below this one called `name`, or the kind with a count: conv1, conv2, ... */
  child(kind: string, name?: string): Scope;
  /** A parameter called `name` below this scope. */
  parameter(name: string, shape: Shape, options: ParameterOptions): Parameter;
  /** Lets a program of the network set a parameter. */
  update(parameter: Parameter, next: Node): void;
  /** Randomness for one call site; the trace needs a `key`. */
  random(): { readonly key: Node; readonly stream: number };
  /** Keeps a value by name for whoever runs the trace: pre-activations, counts of dead units. */
  report(what: "preactivations" | "dead", node: Node): void;
  /**
   * Where the layer that is shared under `key` makes what it has: here at its first call, and there again at all others.
   * Below it a parameter that was made is found, and what was updated is not updated again.
   */
  share(key: object): Scope;
  /** What `make` gives; below `share` made by the first call and found by the others, by name. */
  once<T>(name: string, make: () => T): T;
}

/** One weight tensor: its shape and the shape of its scale g, 1 along every axis that the norm runs over. */
export interface WeightSpec {
  readonly shape: Shape;
  readonly g: Shape;
  /** What it is at first, where it was trained before, row-major; else it is drawn. */
  readonly values?: ArrayLike<number>;
}

/** What a normalization needs to know of a layer. */
export interface UnitOptions {
  readonly units: number;
  /** The standard deviation of pre-activations after initialization. */
  readonly initScale: number;
  /** Whether anything is added to the units, a bias or the beta of batch normalization (default true). */
  readonly bias?: boolean;
  /** Of a layer that was trained before: its bias, one number a unit. Initialization then leaves what it computes as it is. */
  readonly trained?: { readonly bias?: ArrayLike<number> };
}
/** How a network is normalized: what layers get their weights from and hand their linear part to. */
export interface Norm {
  /** The layer's weights by name, and the function from t = w x to the pre-activation. */
  layer<N extends string>(
    scope: Scope,
    specs: Readonly<Record<N, WeightSpec>>,
    options: UnitOptions,
  ): {
    readonly weights: Readonly<Record<N, Node>>;
    /** From t = w x to what the activation function takes. */
    readonly preactivation: (t: Node) => Node;
  };
}
