/** What commander finds wrong with a command line, in words of our form: `where: what, got ...; do ...`. */
import { InvalidArgumentError, type CommanderError } from "commander";
import { experiments } from "../experiments/index.ts";
import { flagOf } from "../runs/settings.ts";
import { names } from "./experiments.ts";

export async function spoken(error: CommanderError, args: readonly string[]): Promise<string> {
  const [command = ""] = args;
  const help = `see weightnorm ${command} --help`;
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  const meant = /\(Did you mean (?:one of )?([^?]*)\?\)/.exec(error.message)?.[1];
  const try_ = meant === undefined ? help : `did you mean ${meant}?`;
  switch (error.code) {
    case "commander.unknownOption":
      return unknownFlag(quoted, args, try_);
    case "commander.unknownCommand":
      return `command: expected one that there is, got "${quoted}"; ${meant === undefined ? "see weightnorm --help" : try_}`;
    case "commander.missingArgument":
      return `${command}: expected ${quoted === "experiment" ? `an experiment, one of ${names.join(", ")}` : `a ${quoted}`}, got none; ${help}`;
    case "commander.excessArguments":
      return `${command}: expected one ${names.includes(args[1] ?? "") ? "experiment" : "path"}, got more; leave the others away`;
    case "commander.missingMandatoryOptionValue":
    case "commander.optionMissingArgument":
      return `${quoted.split(" ")[0]}: expected a value, got none; add ${quoted.split(" ")[1] ?? "one"}`;
    case "commander.invalidArgument":
      return ownWords(error);
    default:
      return error.message.replace(/^error: /, "");
  }
}

/** Our messages name flag and value themselves; commander says both before them once more. */
const ownWords = ({ message }: CommanderError | InvalidArgumentError): string =>
  message.replace(/^error: option '.*?' argument '.*?' is invalid\. (?=--)/s, "");

/** A flag that another experiment has is not unknown, only out of place. */
async function unknownFlag(flag: string, args: readonly string[], advice: string): Promise<string> {
  const have: string[] = [];
  for (const name of names) {
    const { settings, places } = await experiments[name]();
    const all = Object.entries({ ...settings, ...places });
    if (all.some(([key, setting]) => flagOf(key, setting) === flag)) have.push(name);
  }
  const here = args.slice(0, 2).join(" ");
  return have.length > 0 && !have.includes(args[1] ?? "")
    ? `${flag}: expected only with ${have.join(", ")}, got it with ${here}; leave it away`
    : `${flag}: expected a flag of ${here}, got one that there is not; ${advice}`;
}
