/** What is trained: a network of named inputs, and what it is judged by. */
import {
  meanSquaredError,
  ops,
  softmaxCrossEntropy,
  type Layer,
  type Node,
  type Outputs,
  type Scope,
} from "../../src/index.ts";
import { optionsOf } from "../../src/graph/options.ts";
import { needLayer } from "../../src/nn/checks.ts";
import type { Measure } from "../sheet.ts";

const { abs, argmax, cast, equal, mean, softmax, sub } = ops;

/**
 * From inputs by name, each [batch, ...], to outputs by name: `loss`, a scalar, and whatever else is asked of it, each
 * [batch, ...]. What does not rest on an input that is missing can be had of new examples: their labels are not known.
 */
export type Build = (scope: Scope, inputs: Readonly<Record<string, Node>>) => Outputs;

export interface Definition {
  readonly build: Build;
  /** Outputs that it is judged by, [batch] each or a scalar; the first says which parameters are the best (default: the loss). */
  readonly measures?: readonly Measure[];
  /** The input that holds classes: whole numbers from 0, or names. */
  readonly labels?: string;
  /** Inputs that say what is right, and are not known of new examples (default: `y`). */
  readonly targets?: readonly string[];
}

export interface Names {
  /** The input that the layer takes (default "x"). */
  readonly x?: string;
  /** The input that says what is right (default "y"). */
  readonly y?: string;
}

const NAMES = { x: "optional", y: "optional" } as const;

/** Tells classes apart: the layer gives logits [batch, classes], `y` is a class of every example. */
export function classifier(layer: Layer, names: Names = {}): Definition {
  needLayer("classifier", "layer", layer);
  const { x = "x", y = "y" } = optionsOf<Names>("classifier", NAMES)(names);
  return {
    ...{ labels: y, targets: [y] },
    measures: [
      {
        ...{ key: "accuracy", unit: "%", scale: 100, digits: 2 },
        ...{ better: "higher", share: true },
      },
    ],
    build(scope, inputs) {
      const logits = layer(scope, inputs[x]);
      const likeliest = argmax(logits);
      return {
        loss: softmaxCrossEntropy(logits, inputs[y]),
        accuracy: cast(equal(likeliest, inputs[y]), "float"),
        class: likeliest,
        probability: softmax(logits),
      };
    },
  };
}

/** Predicts numbers: the layer gives [batch, ...] in the shape of `y`; of one number an example [batch, 1] will do for [batch]. */
export function regressor(layer: Layer, names: Names = {}): Definition {
  needLayer("regressor", "layer", layer);
  const { x = "x", y = "y" } = optionsOf<Names>("regressor", NAMES)(names);
  return {
    targets: [y],
    measures: [
      {
        ...{ key: "mean absolute error", unit: "", scale: 1, digits: 4 },
        better: "lower",
      },
    ],
    build(scope, inputs) {
      const given = layer(scope, inputs[x]);
      const target = cast(inputs[y], "float");
      const single =
        given.shape.at(-1) === 1 && `${given.shape.slice(0, -1)}` === `${target.shape}`;
      const prediction = single ? ops.reshape(given, target.shape) : given;
      if (`${prediction.shape}` !== `${target.shape}`)
        throw new Error(
          `regressor: the layer gives [${given.shape}] where "${y}" is [${target.shape}]; end it with dense(${target.shape[1] ?? 1})`,
        );
      const distance = abs(sub(prediction, target));
      const axes = distance.shape.slice(1).map((_, i) => i + 1);
      return {
        loss: meanSquaredError(prediction, target),
        "mean absolute error": mean(distance, { axes }),
        prediction,
      };
    },
  };
}

/** The loss as what a network without measures is judged by. */
const LOSS: Measure = { key: "loss", unit: "", scale: 1, digits: 4, better: "lower" };

/** A network as users give it, whole: with what it is judged by, and more of its outputs if these are named. */
export function defined(
  network: Build | Definition,
  metrics: readonly (string | Measure)[] = [],
): Definition & { readonly measures: readonly Measure[] } {
  const definition = typeof network === "function" ? { build: network } : network;
  if (typeof (definition as Partial<Definition> | undefined)?.build !== "function")
    throw new Error(
      "fit: network must be a function of a scope and inputs, got none; give e.g. classifier(layer), or (scope, { x, y }) => ({ loss })",
    );
  const { measures = [LOSS] } = definition;
  const more = metrics
    .map((m) => (typeof m === "string" ? { ...LOSS, key: m } : m))
    .filter(({ key }) => !measures.some((m) => m.key === key));
  return { ...definition, measures: [...measures, ...more] };
}
