/** The experiments that there are, by name; each is a module of its own. A line here is all that the rest knows of one. */
import type { Experiment } from "../runs/experiment.ts";

export const experiments: Readonly<Record<string, () => Promise<Experiment>>> = {
  mnist: async () => (await import("./mnist/task.ts")).mnist,
  cifar10: async () => (await import("./cifar10/task.ts")).cifar10,
  vae: async () => (await import("./vae/task.ts")).vae,
  "vae-cifar10": async () => (await import("./vae/task.ts")).vaeCifar10,
  draw: async () => (await import("./draw/task.ts")).draw,
  dqn: async () => (await import("./dqn/index.ts")).dqn,
};

/** The experiment of a name, if there is one. */
export const findExperiment = async (name: string): Promise<Experiment | undefined> =>
  Object.hasOwn(experiments, name) ? experiments[name]() : undefined;
