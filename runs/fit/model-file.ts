/** Models as files: .safetensors, to go on being asked with the code of their network, and .onnx, which needs no code at all. */
import * as z from "zod/mini";
import {
  arms,
  brief,
  checkState,
  decodeSafetensors,
  encodeSafetensors,
  exportModel,
  fold,
  input,
  parametersOf,
  parseJson,
  trace,
  type Arm,
  type ExportOptions,
  type ExportOutputs,
  type Node,
  type Norm,
  type Parameter,
  type Runtime,
} from "../../src/index.ts";
import { optionsOf } from "../../src/graph/options.ts";
import { wholeUnits } from "../../src/nn/checks.ts";
import { checked } from "../checked.ts";
import { ARMS } from "../records.ts";
import { inputsOf, type InputSpecs } from "./columns.ts";
import { defined, type Build, type Definition } from "./definition.ts";
import { answersOf, networkOf, normOf } from "./asking.ts";
import type { Model } from "./model.ts";

const FORMAT = "weightnorm-model/1";
const MOST = 100_000;

const size = z.int().check(z.minimum(0), z.maximum(2 ** 31 - 1));
const numbers = z.array(z.number()).check(z.maxLength(MOST));
const positives = z.array(z.number().check(z.positive())).check(z.maxLength(MOST));
const schema = z.object({
  /** Undefined where the normalization is one of the user's own. */
  arm: z.optional(z.enum(ARMS)),
  inputs: z.record(
    z.string(),
    z.object({
      shape: z.array(size).check(z.maxLength(8)),
      dtype: z.enum(["float", "int32", "uint32", "bool"]),
      standardized: z.optional(z.object({ mean: numbers, deviation: positives })),
    }),
  ),
  classes: z.optional(
    z.array(z.string()).check(
      z.maxLength(MOST),
      z.refine((all) => new Set(all).size === all.length, "different names"),
    ),
  ),
  /** Outputs that it is judged by beside the network's own. */
  metrics: z.optional(z.array(z.string()).check(z.maxLength(MOST))),
});

/** The bytes of a .safetensors file: parameters, and what the model knows of its inputs and classes. */
export function encodeModel({ definition, norm, inputs, classes, state }: Model): Uint8Array {
  const arm = typeof norm === "string" ? norm : ARMS.find((name) => arms[name] === norm);
  const metrics = definition.measures.map(({ key }) => key).filter((key) => key !== "loss");
  const known = JSON.stringify({ arm, inputs, classes, metrics });
  return encodeSafetensors(state, { format: FORMAT, model: known });
}

/** What a file does not hold. */
export interface LoadOptions {
  /** That which was trained: a file holds no code. */
  readonly network: Build | Definition;
  readonly runtime: Runtime;
  /** Only where it is one of your own. */
  readonly norm?: Norm;
  /** What messages call the file (default "the model"). */
  readonly where?: string;
}

const knownOfLoad = optionsOf<LoadOptions>("decodeModel", {
  network: "required",
  runtime: "required",
  norm: "optional",
  where: "optional",
});
/** A model from its bytes; throws for those of another network. */
export function decodeModel(bytes: Uint8Array, options: LoadOptions): Model {
  const { network, runtime, norm: own, where = "the model" } = knownOfLoad(options);
  const advice = "save it again with saveModel";
  const { tensors: state, metadata } = decodeSafetensors(bytes, where);
  const { format = "none" }: Readonly<Partial<Record<string, string>>> = metadata;
  if (format !== FORMAT)
    throw new Error(
      `${where}: expected a model that saveModel wrote, got a file of format ${brief(format)}; ${format.startsWith("weightnorm-checkpoint/") ? "read a checkpoint with loadCheckpoint" : "give the right file"}`,
    );
  const said = checked(
    schema,
    parseJson(metadata["model"] ?? "", `${where}: its description`, advice),
    {
      ...{ where: `${where}: its description`, advice },
    },
  );
  const norm = own ?? said.arm;
  if (norm === undefined)
    throw new Error(
      `${where}: its normalization is none of the arms, got no norm; pass the one that it was trained with`,
    );
  const inputs = said.inputs as InputSpecs;
  for (const [name, { shape, dtype, standardized }] of Object.entries(inputs)) {
    const groups = shape[0] ?? 1;
    const fits = [standardized?.mean, standardized?.deviation].every(
      (list) => list === undefined || list.length === groups,
    );
    if (!fits || (standardized && dtype !== "float"))
      throw new Error(
        `${where}: its description standardizes "${name}" of ${dtype} [${shape}], got numbers for another shape; ${advice}`,
      );
  }
  const definition = defined(network, said.metrics);
  const parameters = inWords(where, () => allParameters(definition, inputs, norm));
  checkState(parameters, state, where);
  const { classes } = said;
  return { definition, norm, inputs, state, runtime, ...(classes ? { classes } : {}) };
}

/** What is wrong with a network on the inputs of a file is said of that file. */
function inWords<T>(where: string, f: () => T): T {
  try {
    return f();
  } catch (error) {
    throw new Error(`${where}: the network does not fit its inputs: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** All parameters of a network, trained or not. */
function allParameters(
  definition: Definition,
  specs: InputSpecs,
  norm: Arm | Norm,
): readonly Parameter[] {
  const { value, updates } = trace(networkOf(definition, specs, inputsOf(specs, 2)), {
    ...{ mode: "train", norm: normOf(norm), key: input("key", [2], "uint32") },
  });
  const changed = updates.flatMap(({ parameter, next }) => [parameter, next]);
  return parametersOf([...Object.values(value), ...changed]);
}

/** What an .onnx file takes, and how it is written: see {@link ExportOptions}, whose `metadata` comes beside ours. */
export interface OnnxOptions extends ExportOptions {
  /** The inputs that the file has (default: all but those that say what is right). */
  readonly inputs?: readonly string[];
  /** How many examples the file takes at once (default: any number, which not every network allows). */
  readonly examples?: number;
}

const knownOfOnnx = optionsOf<OnnxOptions>("exportOnnx", {
  inputs: "optional",
  examples: "optional",
  metadata: "optional",
  names: "optional",
  dynamic: "optional",
  opset: "optional",
  half: "optional",
  graphName: "optional",
  description: "optional",
  producerVersion: "optional",
});
/**
 * The bytes of an .onnx file that answers as `predict` does, standardizing of inputs included, with plain weights: any ONNX
 * runtime can use it. What inputs, outputs and classes mean stands in its metadata, as JSON.
 */
export function exportOnnx(model: Model, options: OnnxOptions = {}): Uint8Array {
  const { definition, norm, inputs, classes, state } = model;
  const { targets = ["y"] } = definition;
  const {
    examples,
    inputs: given = Object.keys(inputs).filter((x) => !targets.includes(x)),
    metadata,
    ...rest
  } = knownOfOnnx(options);
  if (examples !== undefined) wholeUnits("exportOnnx", "examples", examples);
  const unknown = given.find((name) => !(name in inputs));
  if (unknown !== undefined)
    throw new Error(
      `exportOnnx: there is no input "${unknown}", got it beside ${Object.keys(inputs).join(", ")}; leave it away`,
    );
  const plain = foldedArm(norm);
  const outputsOf = (size: number): Readonly<Record<string, Node>> =>
    answersOf({ definition, norm: plain ?? norm, inputs }, given, size).outputs;
  const outputs = outputsOf(examples ?? 1);
  const said = {
    "weightnorm.inputs": JSON.stringify(
      Object.fromEntries(given.map((name) => [name, inputs[name]])),
    ),
    "weightnorm.outputs": JSON.stringify(
      Object.fromEntries(
        Object.entries(outputs).map(([name, y]) => [
          name,
          { shape: y.shape.slice(1), dtype: y.dtype },
        ]),
      ),
    ),
    ...(classes ? { "weightnorm.classes": JSON.stringify(classes) } : {}),
  };
  const write = (what: ExportOutputs): Uint8Array =>
    exportModel(what, new Map([...state, ...fold(state)]), {
      ...rest,
      metadata: { ...metadata, ...said },
    });
  if (examples !== undefined) return write(outputs);
  try {
    return write(outputsOf);
  } catch (cause) {
    write(outputs); // what is wrong at any size is said as it is
    throw new Error(
      `exportOnnx: no file of this network takes any number of examples; pass examples: 1 (${(cause as Error).message})`,
      { cause },
    );
  }
}

/** The arm with plain weights that computes the same with folded ones; undefined for a normalization of one's own. */
const foldedArm = (norm: Arm | Norm): Arm | undefined => {
  const arm = typeof norm === "string" ? norm : ARMS.find((name) => arms[name] === norm);
  return arm === "weight" ? "plain" : arm === "weight+mean-only" ? "mean-only" : arm;
};
