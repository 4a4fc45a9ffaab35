/** The flags of `weightnorm convert`; what it does is loaded when it is asked for. */
import { Argument, Command, Option } from "commander";
import { UsageError } from "../runs/experiment.ts";
import type { ConvertFlags } from "./convert.ts";

const nonEmpty =
  (what: string) =>
  (path: string): string => {
    if (path !== "") return path;
    throw new UsageError(`${what}: expected a file, got ""; name one`);
  };

/** A flag that takes one of a few words. */
const among = (flag: string, words: readonly string[], help: string): Option =>
  new Option(`${flag} <name>`, `${help}: ${words.join(", ")}`).argParser((text: string) => {
    if (words.includes(text)) return text;
    throw new UsageError(
      `${flag}: expected one of ${words.join(", ")}, got "${text.slice(0, 60)}"; choose one of these`,
    );
  });

export function convertCommand(): Command {
  const command = new Command("convert")
    .description(
      "checkpoints of others: from one format to another, with weight normalization folded, unfolded or renamed",
    )
    .addArgument(
      new Argument(
        "<source>",
        ".safetensors, its index.json, .pth, .pt, .bin, .npz, .npy or .onnx",
      ).argParser(nonEmpty("source")),
    )
    .addArgument(
      new Argument("<target>", ".safetensors, .pth, .pt, .bin or .npz").argParser(
        nonEmpty("target"),
      ),
    );
  const options = [
    new Option("--fold", "one weight of each g and v: w = g v / |v|"),
    new Option("--unfold", "g = |w| and v = w of every `weight` of rank 2 and more"),
    among(
      "--scheme",
      ["weight_g", "parametrizations", "folded"],
      "what weights in two parts are called",
    ),
    new Option("--only <regex>", "fold, unfold or rename weights of these names alone"),
    new Option(
      "--axis <n>",
      "the axis that units are along, or none for one norm of all (default: 0; where there is a g, its shape says it)",
    ),
    new Option("--under <name>", "take what is under this name, e.g. state_dict or generator"),
    among("--dtype", ["float16", "bfloat16", "float32", "float64"], "what floats become"),
    new Option("--check", "print the largest difference of a folded weight"),
    new Option("--json", "print what was done as JSON"),
    new Option("--quiet", "print nothing"),
  ];
  for (const option of options) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `
Examples:
  weightnorm convert g_02500000 hifigan.safetensors --under generator --fold
  weightnorm convert model.safetensors model.pth --scheme parametrizations
  weightnorm convert folded.npz v.pth --unfold --only 'ups.*weight$' --check
  weightnorm convert model.onnx weights.safetensors --dtype bfloat16`,
    )
    .action(async (path: string, out: string, flags: ConvertFlags) =>
      (await import("./convert.ts")).convert(path, out, flags),
    );
}
