/** The programs that answer questions to a model, made when they are needed and kept as long as somebody holds it. */
import {
  arms,
  evalStep,
  input,
  topological,
  trace,
  type Arm,
  type Input,
  type Network,
  type Node,
  type Norm,
  type ProgramSpec,
} from "../../src/index.ts";
import { onDemand, type OnDemand } from "../on-demand.ts";
import { inputsOf, type InputSpecs } from "./columns.ts";
import type { Definition } from "./definition.ts";
import type { Model } from "./model.ts";
import { standardize } from "./standardize.ts";

/** The network of a definition on these inputs: what training, evaluation and export trace. */
export const networkOf =
  ({ build }: Definition, specs: InputSpecs, inputs: readonly Input[]): Network =>
  (scope) =>
    build(
      scope,
      Object.fromEntries(
        inputs.map((x) => [x.attrs.name, standardize(x, specs[x.attrs.name])] as const),
      ),
    );

export const normOf = (norm: Arm | Norm): Norm => (typeof norm === "string" ? arms[norm] : norm);

/** What can be said of examples of which only some inputs are known, without what noise adds in training. */
export function answersOf(
  { definition, norm, inputs: specs }: Pick<Model, "definition" | "norm" | "inputs">,
  given: readonly string[],
  size: number,
): ProgramSpec & { readonly outputs: Readonly<Record<string, Node>> } {
  const inputs = inputsOf(specs, size);
  const of = (given: readonly Input[]): Readonly<Record<string, Node>> =>
    trace(networkOf(definition, specs, given), {
      ...{ mode: "eval", norm: normOf(norm), key: KEY },
    }).value;
  const [value, other] = [of(inputs), of(inputsOf(specs, size + 1))];
  const missing = Object.keys(specs).filter((name) => !given.includes(name));
  const answers = Object.entries(value).filter(
    ([name, y]) =>
      y.shape[0] === size &&
      other[name].shape[0] === size + 1 && // and not by chance
      !namesIn([y]).some((name) => missing.includes(name)),
  );
  if (answers.length === 0)
    throw new Error(
      `predict: no output rests on ${given.join(", ") || "nothing"} alone, got none of ${missing.join(", ")}; give these too, or let the network return what does not need them`,
    );
  return used(Object.fromEntries(answers), inputs);
}

/** Examples of the largest program: `SIZES` of predict.ts ends with it. */
export const WHOLE = 64;
const KEY = input("key", [2], "uint32");
/** Programs live as long as somebody holds the model. */
const programs = new WeakMap<Model, Map<string, OnDemand & Fed>>();
interface Fed {
  readonly size: number;
  readonly names: readonly string[];
}

/** What is `wanted` of `size` examples, or all that can be said where only the inputs `given` are known. */
export function programOf(
  model: Model,
  given: readonly string[],
  size: number,
  wanted?: ReadonlySet<string>,
): Asked {
  const made = programs.get(model) ?? new Map<string, OnDemand & Fed>();
  programs.set(model, made);
  // Of the rests of what was measured the last one alone: there may be as many as sizes.
  const id = JSON.stringify([wanted ? [...wanted, size === WHOLE] : [size, given.toSorted()]]);
  const kept = made.get(id);
  if (kept && kept.size !== size) void kept.release();
  const found = kept?.size === size ? kept : compiled(model, { given, size, wanted });
  made.set(id, found);
  return {
    run: (feeds, state) =>
      found.run(Object.fromEntries(found.names.map((name) => [name, feeds[name]])), state),
  };
}
type Asked = Pick<OnDemand, "run">;

function compiled(model: Model, { given, size, wanted }: Question): OnDemand & Fed {
  const { definition, inputs: specs, norm, runtime } = model;
  const inputs = inputsOf(specs, size);
  const spec = wanted
    ? only(
        evalStep(networkOf(definition, specs, inputs), { inputs, norm: normOf(norm), key: KEY }),
        wanted,
      )
    : answersOf(model, given, size);
  return { ...onDemand(runtime, spec), size, names: (spec.inputs ?? []).map((x) => x.attrs.name) };
}
interface Question {
  readonly given: readonly string[];
  readonly size: number;
  readonly wanted: ReadonlySet<string> | undefined;
}

const only = (
  { outputs = {}, inputs = [] }: ProgramSpec,
  wanted: ReadonlySet<string>,
): ProgramSpec =>
  used(Object.fromEntries(Object.entries(outputs).filter(([name]) => wanted.has(name))), inputs);

/** With those inputs alone that outputs rest on, and the key of noise if they do. */
function used(
  outputs: Readonly<Record<string, Node>>,
  inputs: readonly Input[],
): ProgramSpec & { readonly outputs: Readonly<Record<string, Node>> } {
  const names = new Set(namesIn(Object.values(outputs)));
  const all = inputs.includes(KEY) ? inputs : [...inputs, KEY];
  return { inputs: all.filter((x) => names.has(x.attrs.name)), outputs };
}

/** The names of the inputs that nodes rest on. */
const namesIn = (nodes: readonly Node[]): readonly string[] =>
  topological(nodes).flatMap((n) => (n.op === "input" ? [n.attrs.name] : []));

/** Frees the programs that were made of a model; the next question makes them anew. */
export async function releaseModel(model: Model): Promise<void> {
  const made = [...(programs.get(model)?.values() ?? [])];
  programs.delete(model);
  await Promise.all(made.map((p) => p.release()));
}
