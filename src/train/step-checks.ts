/** What a step is made of, checked before it fails somewhere else: the network, what is fed, the optimizer, the outputs. */
import { described, isNode, type Input, type Node, type Update } from "../graph/index.ts";
import { needNorm } from "../nn/checks.ts";
import type { Norm } from "../nn/index.ts";

interface Step {
  readonly inputs: readonly Input[];
  readonly norm: Norm;
  readonly key?: Input;
}
interface Training extends Step {
  readonly optimizer: unknown;
  readonly also?: unknown;
}

/** The network and what every step has, with the names of its options checked already. */
export function checkStep(where: string, network: unknown, { inputs, key, norm }: Step): void {
  if (typeof network !== "function")
    throw new Error(
      `${where}: the network must be a function of a scope, got ${described(network)}; write (scope) => ({ loss })`,
    );
  needNorm(where, norm);
  const list: unknown = inputs;
  if (!Array.isArray(list))
    throw new Error(
      `${where}: inputs must be a list, got ${described(list)}; write inputs: [x, labels]`,
    );
  const fed: readonly unknown[] = [...(list as readonly unknown[]), ...(key ? [key] : [])];
  for (const [i, x] of fed.entries())
    if (!isNode(x) || x.op !== "input")
      throw new Error(
        `${where}: ${i < list.length ? `inputs[${i}]` : "key"} must be an input, got ${described(x)}; make it with input(name, shape)`,
      );
  if (key && (key.dtype !== "uint32" || `${key.shape}` !== "2"))
    throw new Error(
      `${where}: key must be uint32 [2], got ${key.dtype} [${key.shape}]; make it with input("key", [2], "uint32")`,
    );
}

/** The same of a training step; its options. */
export function checkTraining<T extends Training>(network: unknown, options: T): T {
  const { optimizer, also } = options;
  checkStep("trainStep", network, options);
  const need = (name: string, f: unknown, example: string): void => {
    if (typeof f !== "function")
      throw new Error(
        `trainStep: ${name} must be a function, got ${described(f)}; write ${name}: ${example}`,
      );
  };
  need("optimizer", optimizer, "adam({ lr: 1e-3 })");
  if (also) need("also", also, "(updates) => movingAverage(updates, 0.999)");
  return options;
}

/** A network's outputs are nodes by name. */
export function checkOutputs(outputs: unknown): void {
  if (typeof outputs !== "object" || outputs === null || Array.isArray(outputs) || isNode(outputs))
    throw new Error(
      `network: it must return its outputs by name, got ${described(outputs)}; write e.g. { loss, logits }`,
    );
  for (const [name, x] of Object.entries(outputs))
    if (!isNode(x))
      throw new Error(
        `network: its output "${name}" must be a node, got ${described(x)}; return what ops and layers make`,
      );
}

/** The loss that gradients are taken of. */
export function lossOf(outputs: Readonly<Partial<Record<string, Node>>>): Node {
  const { loss } = outputs;
  if (!loss)
    throw new Error(
      `trainStep: the network must return a loss, got ${Object.keys(outputs).join(", ") || "nothing"}; name what is to become small loss`,
    );
  if (loss.shape.length > 0 || loss.dtype !== "float")
    throw new Error(
      `trainStep: the loss must be a float scalar, got ${loss.dtype} [${loss.shape}]; take its sum or mean`,
    );
  return loss;
}

/** What an optimizer returned. */
export function checkUpdates(what: string, updates: readonly Update[]): readonly Update[] {
  const list: unknown = updates;
  if (!Array.isArray(list) || !updates.every((u) => isNode(u.parameter) && isNode(u.next)))
    throw new Error(
      `trainStep: ${what} must return updates, got ${described(list)}; each is { parameter, next }`,
    );
  return updates;
}
