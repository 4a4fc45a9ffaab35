/** The flags of `weightnorm page`; what it does is loaded when it is asked for. */
import { Command, Option } from "commander";
import { UsageError } from "../runs/experiment.ts";
import { whole } from "../runs/settings.ts";
import { experimentOption, named, optionOf } from "./flags.ts";
import type { PageFlags } from "./page.ts";

/** Of what a token is made: no character that an address or a cookie would write otherwise. */
const TOKEN = /^[\w.~-]{8,200}$/;

function token(text: string): string {
  if (TOKEN.test(text)) return text;
  throw new UsageError(
    "--token: expected 8 to 200 letters, digits, dots and dashes, got something else; leave it away for one that is made",
  );
}

export function pageCommand(): Command {
  const port = whole("the port to listen on (default: 1602, or the next one that is free)", {
    ...{ least: 0, most: 65_535, example: "8080" },
  });
  const command = new Command("page")
    .summary("a lab in your browser, and runs to watch")
    .description(
      "open a page in your browser: a lab that trains in it, and the runs of a folder as they train",
    )
    .argument(
      "[folder]",
      "the folder that runs are in, or one of them; without it the lab alone",
      named("folder"),
    );
  const options = [
    optionOf("port", port)!,
    new Option(
      "--host <address>",
      "who may ask (default: 127.0.0.1, this machine alone; 0.0.0.0 for others too)",
    ).argParser(named("--host", "name or an address")),
    new Option(
      "--token <text>",
      "what browsers must know (default: none here; on another host one is made and printed)",
    ).argParser(token),
    experimentOption(),
    new Option("--json", "print the address as JSON"),
  ];
  for (const option of options) command.addOption(option);
  return command
    .addHelpText(
      "after",
      "\nIt prints the address and runs until Ctrl-C.\n\nExamples:\n  weightnorm page\n  weightnorm page runs\n  weightnorm page runs --port 8080\n  weightnorm page runs --host 0.0.0.0",
    )
    .action(async (folder: string | undefined, flags: PageFlags) =>
      (await import("./page.ts")).page(folder, flags),
    );
}
