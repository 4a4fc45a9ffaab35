/** `weightnorm sweep`: its commands, of which `plan` has the flags of the experiment that it names. */
import { Command, InvalidArgumentError, Option } from "commander";
import { positive, whole } from "../runs/settings.ts";
import { experimentAt, type Meant } from "./experiments.ts";
import { deviceOption, named, optionOf, quietly, settingOptions } from "./flags.ts";
import type { Run, SweepFlags } from "./sweep.ts";
import { valueOf } from "./training.ts";

const json = (what: string): Option => new Option("--json", `print ${what} as JSON`);
const EXAMPLES = `
Examples:
  weightnorm sweep plan --experiment mnist --arms plain,weight --lr 0.001,0.003 --seed 1,2,3 --out SWEEP
  for i in $(seq 0 11); do weightnorm sweep run SWEEP --index $i; done
  weightnorm sweep status SWEEP
  weightnorm sweep report SWEEP`;

/** The command, knowing the experiment that a command line names, and what runs another command line. */
export async function sweepCommand(args: readonly string[], run: Run): Promise<Command> {
  const root = quietly(new Command("sweep"))
    .description(
      "many runs, an arm, a learning rate and a seed each: planned once, trained by a loop, an array of jobs or workers of a queue",
    )
    .summary("train many runs on many machines")
    .addHelpText("after", EXAMPLES);
  root.addCommand(planCommand(await meantBy(args)));
  const add = (name: string, does: string, options: readonly Option[]): Command => {
    const command = quietly(root.command(name))
      .description(does)
      .argument("<sweep>", "the folder that sweep plan --out named", (path: string) => {
        if (path !== "") return path;
        throw new InvalidArgumentError(`sweep ${name}: expected a folder, got ""; name one`);
      });
    for (const option of options) command.addOption(option);
    return command.addOption(
      new Option("--experiment <file>", "the module of your own experiment, where it is of one"),
    );
  };
  const act = async (): Promise<typeof import("./sweep.ts")> => import("./sweep.ts");
  add(
    "run",
    "train one trial, or go on with it: exit code 0 where there is a result, 75 where it is to be run again",
    [
      optionOf(
        "index",
        whole("its number (default: SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX)", { least: 0 }),
      )!,
      deviceOption(),
      new Option("--quiet", "no progress"),
    ],
  ).action(async (dir: string, flags: SweepFlags) => (await act()).runOne(dir, flags, run));
  add("work", "train trials of a queue until all have results; Ctrl-C saves them", [
    new Option("--redis <url>", "where the queue is (default: REDIS_URL)").argParser(
      named("--redis", "server"),
    ),
    optionOf("concurrency", whole("trials at a time", { most: 1024 }))!.default(1),
    optionOf(
      "patience",
      positive("seconds without a sign of life after which a worker's trials go to others", {
        most: 86_400,
      }),
    )!.default(30),
    new Option("--keep", "wait for more when all is done"),
    deviceOption(),
  ]).action(async (dir: string, flags: SweepFlags) => (await act()).workOn(dir, flags));
  add("status", "how far a sweep is", [json("every trial with its state")]).action(
    async (dir: string, flags: SweepFlags) => (await act()).status(dir, flags),
  );
  add(
    "report",
    "tables and figures over all trials: report.html, report.json, figure.svg and rates.svg in the folder of the sweep",
    [json("the results")],
  ).action(async (dir: string, flags: SweepFlags) => (await act()).reportOn(dir, flags));
  return root;
}

function planCommand(meant: (Meant & { readonly subject: string }) | undefined): Command {
  const plan = quietly(new Command("plan"))
    .description("write down the trials of a sweep, to be trained later and elsewhere")
    .addOption(
      new Option(
        "--experiment <name>",
        "what is trained: one of ours, a table, a folder of pictures, or the module of your own",
      ).makeOptionMandatory(),
    );
  if (meant)
    for (const option of [
      ...settingOptions(meant.experiment, "compare").filter(({ long }) => long !== "--validation"),
      ...Object.entries(meant.experiment.places).flatMap(([name, setting]) =>
        name in meant.places ? [] : [optionOf(name, setting)!],
      ),
    ])
      plan.addOption(option);
  else
    plan.addHelpText(
      "after",
      "\n  weightnorm sweep plan --experiment mnist --help  says what may be set of it",
    );
  return plan
    .addOption(
      new Option(
        "--rates-of <sweep>",
        "instead of --lr, each arm's best rate in another sweep, or in a results.json",
      ).argParser(named("--rates-of")),
    )
    .addOption(
      new Option("--out <folder>", "the sweep's folder")
        .argParser(named("--out"))
        .makeOptionMandatory(),
    )
    .addOption(json("the plan"))
    .action(async (flags: SweepFlags) => (await import("./sweep.ts")).plan(meant!, flags));
}

/** What `sweep plan --experiment` names. */
async function meantBy(
  args: readonly string[],
): Promise<(Meant & { readonly subject: string }) | undefined> {
  if (args[0] !== "sweep" || args[1] !== "plan") return undefined;
  const subject = valueOf("--experiment", args);
  return subject === undefined ? undefined : { subject, ...(await experimentAt(subject)) };
}
